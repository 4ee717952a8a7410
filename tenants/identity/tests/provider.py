"""A small OpenID Connect provider on this machine, which misbehaves when told to."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "ticketflower", "a secret: with signs/+"


class Provider:
    """`claims` are put into the ID token, `header` into its header; `key` signs it.

    `answers` are sent in the place of its own, by path: (status, headers, body). `silent` paths
    are never answered.
    """

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.shown = [self.key.as_dict(private=False)]
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self.let_go = threading.Event()
        self._query: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, address: str) -> dict[str, str]:
        """What a browser brings back that was led to this address."""
        self._query = dict(parse_qsl(urlsplit(address).query))
        return {"code": "a-code", "state": self._query["state"]}

    def token(self) -> bytes:
        now = int(time.time())  # noqa: TID251 - what a provider writes into its tokens
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "subject-1",
            "nonce": self._query["nonce"],
            "iat": now,
            "exp": now + 300,
            "email": "uma@acme.example",
            "email_verified": True,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return json.dumps({"id_token": self.sign(claims)}).encode()

    def sign(self, claims: dict[str, Any]) -> str:
        if self.header["alg"] == "none":
            parts = (self.header, claims)
            return ".".join([*(_coded(json.dumps(each).encode()) for each in parts), ""])
        if self.header["alg"] == "HS256":
            parts = (self.header, claims)
            signed = ".".join(_coded(json.dumps(each).encode()) for each in parts)
            made = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{_coded(made)}"
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def answer(self, path: str, sent: dict[str, list[str]], authorization: str) -> bytes | None:
        if path == "/.well-known/openid-configuration":
            names = {
                "authorization_endpoint": "/authorize",
                "token_endpoint": "/token",
                "jwks_uri": "/keys",
            }
            found = {name: f"{self.issuer}{each}" for name, each in names.items()}
            return json.dumps({"issuer": self.issuer, **found}).encode()
        if path == "/keys":
            return json.dumps({"keys": self.shown}).encode()
        if path == "/token" and self._is_right(sent, authorization):
            return self.token()
        return None

    def _is_right(self, sent: dict[str, list[str]], authorization: str) -> bool:
        challenge = _coded(sha256(sent["code_verifier"][0].encode()).digest())
        pair = base64.b64encode(b"ticketflower:a+secret%3A+with+signs%2F%2B").decode()
        return (
            self._query["code_challenge"] == challenge
            and self._query["redirect_uri"] == sent["redirect_uri"][0]
            and sent["code"] == ["a-code"]
            and authorization == f"Basic {pair}"
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(b"")

            def do_POST(self) -> None:
                self.reply(self.rfile.read(int(self.headers["Content-Length"])))

            def reply(self, body: bytes) -> None:
                path = urlsplit(self.path).path
                provider.asked.append(path)
                if path in provider.silent:
                    provider.let_go.wait(60)
                    return
                sent = parse_qs(body.decode())
                own = provider.answer(path, sent, self.headers.get("Authorization", ""))
                status, headers, answer = provider.answers.get(
                    path, (200 if own is not None else 400, {}, own or b"{}")
                )
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                """Nothing: a test reads `asked`."""

        return Handler


def _coded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
