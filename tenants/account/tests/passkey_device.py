"""A device that keeps passkeys, for tests: what it says can be bent in every way."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "http://localhost"
FLAG = AuthenticatorData.FLAG


@dataclass
class Device:
    """One passkey; `count` is how often it has signed, `verifies` whether it asks for a finger."""

    origin: str = ORIGIN
    domain: str = "localhost"
    verifies: bool = True
    count: int = 1
    cross_origin: bool = False
    handle: bytes = b""
    number: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any]) -> str:
        """What navigator.credentials.create answers."""
        self.handle = websafe_decode(options["user"]["id"])
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        made = AttestedCredentialData.create(b"\0" * 16, self.number, public)
        data = self._data(FLAG.AT, bytes(made))
        return self._answer(
            self._client_data("webauthn.create", options),
            {"attestationObject": websafe_encode(AttestationObject.create("none", data, {}))},
        )

    def use(self, options: dict[str, Any], **bent: str) -> str:
        """What navigator.credentials.get answers."""
        client_data = self._client_data("webauthn.get", options)
        self.count += 1
        data = self._data(FLAG(0))
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        said = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": websafe_encode(self.handle),
        }
        return self._answer(client_data, {**said, **bent})

    def _data(self, more: AuthenticatorData.FLAG, made: bytes = b"") -> AuthenticatorData:
        flags = FLAG.UP | more | (FLAG.UV if self.verifies else FLAG(0))
        made_for = sha256(self.domain.encode()).digest()
        data: AuthenticatorData = AuthenticatorData.create(made_for, flags, self.count, made)
        return data

    def _client_data(self, kind: str, options: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(
            kind, options["challenge"], self.origin, cross_origin=self.cross_origin
        )

    def _answer(self, client_data: CollectedClientData, said: dict[str, str]) -> str:
        number = websafe_encode(self.number)
        return json.dumps(
            {
                "id": number,
                "rawId": number,
                "type": "public-key",
                "response": {"clientDataJSON": websafe_encode(client_data), **said},
                "clientExtensionResults": {},
            }
        )
