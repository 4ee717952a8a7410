"""Passkeys: a key that a device keeps, in the place of a code (WebAuthn, level 3).

The signatures are checked by Yubico's `fido2`; what is kept of a key is ours (`Passkey`), with the
count of its signatures, by which a copied key is told. A browser is given a challenge, which stands
in its session; each is answered once, whichever process is asked.
"""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.errors import PasskeyRefusedError, RateLimitedError, TooManyPasskeysError
from tenants.limits.sender import sender_of
from tenants.limits.table import PASSKEY_CHALLENGE
from tenants.logging_in.failed_log_ins import LogInBy, record_failed_log_in
from tenants.models import Passkey, User
from tenants.names import LONGEST_NAME, plain_name
from tenants.refusals import refusals

logger = logging.getLogger(__name__)
logging.getLogger("fido2").setLevel(logging.WARNING)  # it names the keys that people use

SECOND_FACTOR_SET = declare("account.second_factor_set", gettext_lazy("Set up a second factor"))

# What events say of this factor. The value stands in the audit log.
PASSKEY: Final = "passkey"
SITE_NAME: Final = "TicketFlower"
MOST_PASSKEYS: Final = 20
# In characters: an answer with the largest number of a key and the longest public key.
LONGEST_ANSWER: Final = 20_000
# In the session: what was asked last. In seconds: how long the same is asked again, and how long
# it may be answered.
_ASKED: Final = "passkey_challenge"
_ASKED_AGAIN: Final = 300
LONGEST_WAIT: Final = 600
_HANDLE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser was asked to sign, and for which domain."""

    challenge: bytes
    domain: str


def domain_of(request: HttpRequest) -> str:
    """For which domain passkeys are made at the address of this request; empty: for none.

    PASSKEY_DOMAIN, or the host as it stands in ALLOWED_HOSTS: never what only the request says.
    Browsers know no passkeys of addresses such as 127.0.0.1, and none over http but at localhost.
    """
    host, _port = split_domain_port(request.get_host())
    named: str = settings.PASSKEY_DOMAIN
    if named:
        domain = named if host == named or host.endswith(f".{named}") else ""
    else:
        domain = host if host in settings.ALLOWED_HOSTS else ""
    is_local = host == "localhost" or host.endswith(".localhost")
    if not domain or _is_address(domain) or not (request.is_secure() or is_local):
        return ""
    return domain


def options_to_add(*, person: User, request: HttpRequest) -> dict[str, Any] | None:
    """What navigator.credentials.create is asked for, as JSON; None: not at this address."""
    domain = domain_of(request)
    if not domain:
        return None
    known = list(Passkey.objects.of_person(person))
    options, _state = _server(domain, request).register_begin(
        PublicKeyCredentialUserEntity(
            id=bytes(known[0].user_handle) if known else _handle_of(request),
            name=person.email,
            display_name=person.get_full_name() or person.email,
        ),
        credentials=[_credential_of(each) for each in known],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
        challenge=_challenge(request),
    )
    return dict(options)["publicKey"]  # type: ignore[no-any-return]


def options_to_use(*, person: User | None, request: HttpRequest) -> dict[str, Any] | None:
    """What navigator.credentials.get is asked for, as JSON; None: no passkey fits this address.

    Without a person the device says who it is, and that whoever holds it has shown a finger or
    typed a PIN.
    """
    domain = domain_of(request)
    if not domain:
        return None
    known = [] if person is None else list(_usable(person, domain))
    if person is not None and not known:
        return None
    options, _state = _server(domain, request).authenticate_begin(
        credentials=[_credential_of(each) for each in known],
        user_verification=(
            UserVerificationRequirement.REQUIRED
            if person is None
            else UserVerificationRequirement.PREFERRED
        ),
        challenge=_challenge(request),
    )
    return dict(options)["publicKey"]  # type: ignore[no-any-return]


def add_passkey(*, person: User, name: str, answer: str, request: HttpRequest) -> Passkey:
    """Keep the key that the device has made. Without a name it is called “Passkey”.

    Raises:
        PasskeyRefusedError: it is not the answer to what was asked.
        TooManyPasskeysError: the person has MOST_PASSKEYS.
    """
    asked = _take_challenge(request)
    made = _parsed(RegistrationResponse, answer)
    _check_frame(made.response.client_data.cross_origin)
    try:
        server = _server(asked.domain, request)
        _options, state = server.register_begin(
            PublicKeyCredentialUserEntity(id=b"", name=""), challenge=asked.challenge
        )
        data = server.register_complete(state, made)
    except ValueError as error:
        raise _refused(error) from error
    credential = data.credential_data
    if credential is None or credential.credential_id != made.raw_id:
        raise PasskeyRefusedError
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        known = list(Passkey.objects.of_person(person))
        if len(known) >= MOST_PASSKEYS:
            raise TooManyPasskeysError(MOST_PASSKEYS)
        handle = bytes(known[0].user_handle) if known else _handle_of(request)
        try:
            with transaction.atomic():
                added = Passkey.objects.create(
                    user=person,
                    name=_name(name),
                    credential_id=credential.credential_id,
                    credential=bytes(credential),
                    user_handle=handle,
                    domain=asked.domain,
                    sign_count=data.counter,
                )
        except IntegrityError as error:
            raise PasskeyRefusedError(
                _("This passkey is in use already. Choose another device.")
            ) from error
        record_of_person(SECOND_FACTOR_SET, about=person, factor=PASSKEY)
    return added


def use_passkey(*, person: User | None, answer: str, request: HttpRequest) -> Passkey:
    """The passkey that has signed what was asked; `person` is whose it must be.

    Without a person it is whoever's it is, and the device must have made sure who holds it.

    Raises:
        PasskeyRefusedError: it is not known, somebody else's, or not the answer to what was asked;
            or it may be a copy, for it counts fewer signatures than were seen. Where it is known,
            and nobody was to be, that is a log-in which failed.
    """
    asked = _take_challenge(request)
    given = _parsed(AuthenticationResponse, answer)
    try:
        return _checked(given, asked, person=person, request=request)
    except PasskeyRefusedError:
        if person is None and (owner := _owner_of(given.raw_id, asked.domain)) is not None:
            record_failed_log_in(owner, by=LogInBy.PASSKEY, sender=sender_of(request))
        raise


def _checked(
    given: AuthenticationResponse, asked: Asked, *, person: User | None, request: HttpRequest
) -> Passkey:
    """Raises PasskeyRefusedError."""
    _check_frame(given.response.client_data.cross_origin)
    with transaction.atomic():
        found = (
            Passkey.objects.select_for_update(of=("self",), no_key=True)
            .filter(credential_id=given.raw_id, domain=asked.domain)
            .first()
        )
        if found is None or (person is not None and found.user_id != person.pk):
            raise PasskeyRefusedError(
                _("This passkey does not belong to your account here. Choose another one.")
            )
        handle = given.response.user_handle
        if handle != bytes(found.user_handle) and (handle or person is None):
            raise PasskeyRefusedError
        try:
            server = _server(asked.domain, request)
            _options, state = server.authenticate_begin(
                user_verification=UserVerificationRequirement.REQUIRED if person is None else None,
                challenge=asked.challenge,
            )
            server.authenticate_complete(state, [_credential_of(found)], given)
        except ValueError as error:
            raise _refused(error) from error
        _count(found, given.response.authenticator_data.counter, now=timezone.now())
    return found


def rename_passkey(*, person: User, pk: int, name: str) -> bool:
    """Give a passkey of this person another name. Returns whether there is one."""
    return bool(Passkey.objects.filter(user=person, pk=pk).update(name=_name(name)))


def _count(passkey: Passkey, count: int, *, now: datetime) -> None:
    """Keep how often the device has signed (7.2 of the specification, step 22)."""
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        logger.warning(
            "Passkey %s of person %s counts %s signatures after %s: it may be a copy.",
            passkey.pk,
            passkey.user_id,
            count,
            passkey.sign_count,
        )
        raise PasskeyRefusedError(
            _(
                "This passkey may have been copied: it counts fewer signatures than we have seen. "
                "Log in another way, remove it under Second factor, and add it anew."
            )
        )
    passkey.sign_count, passkey.last_used_at = count, now
    passkey.save(update_fields=["sign_count", "last_used_at"])


def _owner_of(credential_id: bytes, domain: str) -> User | None:
    owners = User.objects.select_related("company")
    found: User | None = owners.filter(
        passkeys__credential_id=credential_id, passkeys__domain=domain
    ).first()
    return found


def _usable(person: User, domain: str) -> Any:
    return Passkey.objects.of_person(person).filter(domain=domain)


def _credential_of(passkey: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(passkey.credential))


def _server(domain: str, request: HttpRequest) -> Fido2Server:
    """`request` says at which page the answer must have been made: this host, and no other."""
    origin = f"{request.scheme}://{request.get_host()}"
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=SITE_NAME, id=domain),
        verify_origin=lambda said: said == origin,
    )


def _challenge(request: HttpRequest) -> bytes:
    """What this session is asked to sign: for some minutes the same, so that two tabs get along."""
    kept, now = request.session.get(_ASKED), int(timezone.now().timestamp())
    if not isinstance(kept, dict) or now - kept["at"] > _ASKED_AGAIN:
        kept = request.session[_ASKED] = {"challenge": secrets.token_hex(32), "at": now}
    return bytes.fromhex(kept["challenge"])


def _take_challenge(request: HttpRequest) -> Asked:
    """What was asked, which counts no more from now on, in whichever process.

    Raises:
        PasskeyRefusedError: nothing was, too long ago, or it was answered already.
    """
    kept = request.session.pop(_ASKED, None)
    domain = domain_of(request)
    too_late = PasskeyRefusedError(_("That took too long, or was sent twice. Try again."))
    if not isinstance(kept, dict) or not domain:
        raise too_late
    if timezone.now().timestamp() - kept["at"] > LONGEST_WAIT:
        raise too_late
    with refusals(RateLimitedError) as used:
        PASSKEY_CHALLENGE.count(kept["challenge"])
    if used.error is not None:
        raise too_late
    return Asked(bytes.fromhex(kept["challenge"]), domain)


def _handle_of(request: HttpRequest) -> bytes:
    """What devices call the person: random, so that it tells nothing about them."""
    kept = request.session.get("passkey_handle")
    if not isinstance(kept, str):
        kept = request.session["passkey_handle"] = secrets.token_hex(_HANDLE_BYTES)
    return bytes.fromhex(kept)


def _parsed[T](kind: type[T], answer: str) -> T:
    """Raises PasskeyRefusedError."""
    if not answer:
        raise PasskeyRefusedError(
            _(
                "Your browser sent no passkey. Passkeys need JavaScript: switch it on, or use a "
                "code."
            )
        )
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefusedError
    try:
        given = json.loads(answer)
        if not isinstance(given, dict):
            raise PasskeyRefusedError
        return kind.from_dict(given)  # type: ignore[attr-defined,no-any-return]
    # Whatever is wrong in it: bytes that are no CBOR, names that are missing, other types.
    except Exception as error:
        raise _refused(error) from error


def _check_frame(cross_origin: bool) -> None:
    if cross_origin:
        raise PasskeyRefusedError


def _refused(error: Exception) -> PasskeyRefusedError:
    if isinstance(error, PasskeyRefusedError):
        return error
    logger.info("A passkey was refused: %s", type(error).__name__)  # its text repeats what came
    return PasskeyRefusedError()


def _name(text: str) -> str:
    name = plain_name(text.replace("\0", ""))[:LONGEST_NAME]
    return name or _("Passkey")


def _is_address(host: str) -> bool:
    """Whether it is an IP address: those have no passkeys."""
    return ":" in host or host.rpartition(".")[2].isdigit()
