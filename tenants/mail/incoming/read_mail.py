"""A mail as others have sent it: what we use of it, within bounds.

Whoever knows an address may send whatever they like to it. So what a mail may make us do is bounded
before or while the library reads it: how large it is, how deep and how many its parts are, how long
their headers. Its headers can be read alone: whatever they decide needs nothing of the rest. The
library's older policy (compat32) is used, as its newer one understands headers by rules whose cost
grows with their square.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32, Policy
from email.utils import getaddresses
from typing import Any, Final

from django.conf import settings

from tenants.mail.incoming.html_text import text_of_html
from tenants.mail.models import LONGEST_ADDRESS, Refusal
from tenants.names import plain_email

# In bytes: all headers of a mail, and one that describes a part.
MOST_HEADERS: Final = 128 * 1024
MOST_PART_HEADER: Final = 4 * 1024
# Of one that describes a part: each is looked for again behind each.
MOST_PARAMETERS: Final = 100
# Of all parts together, those of attached mails among them.
MOST_NUMBER_OF_HEADERS: Final = 20_000
MOST_PARTS: Final = 100
# Those of attached mails are among them, which are not looked at one by one.
MOST_PARSED: Final = 1_000
# Levels of parts in parts, as the mail says them: those that stand beside each other count, too.
MOST_NESTED: Final = 40
# Each is an object of its own while a mail is parsed; 30 MB of files are 400,000.
MOST_LINES: Final = 800_000
# Each line is compared with the boundaries of all that it stands in.
MOST_COMPARED: Final = 8_000_000
# In bytes, of a text; in characters, of what is made of it.
MOST_TEXT_BYTES: Final = 2 * 1024 * 1024
MOST_TEXT: Final = 200_000
# Pictures of signatures, in bytes: smaller ones in the middle of a mail are no files.
SMALL_PICTURE: Final = 10 * 1024
_NESTED: Final = ("multipart/", "message/")
# The library ends a line at a lone CR, too.
_END_OF_HEADERS: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
# Others make something else than text of bytes, or take very long for it.
_CHARSETS: Final = (
    *("ascii", "utf-8", "utf-16", "iso8859-", "iso2022_", "cp125", "cp437", "cp85", "cp86", "cp9"),
    *("koi8-", "gb", "big5", "euc_", "shift_jis", "mac-", "hz", "johab", "tis-620"),
)
# Signatures that machines check.
_NO_FILES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)


class UnreadableMailError(Exception):
    """What was sent is no mail, or goes beyond the bounds. `reason` says which."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file of a mail. Its name and type are what the sender says."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMail:
    """What we use of a mail. `digest` is its own: that of its Message-ID, else of all of it.

    `sender` is the one address that it says it is from, as addresses are compared. `recipients`
    are the headers that say where it was sent to, as they stand there. `text` is all of its text,
    with what it quotes.
    """

    digest: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    headers: Message[str, str] = field(repr=False)
    text: str = field(default="", repr=False)
    files: tuple[IncomingFile, ...] = field(default=(), repr=False)

    def header(self, name: str) -> str:
        """The first of this name, in one line; empty where there is none."""
        return " ".join(str(self.headers.get(name) or "").split())

    def all_of(self, name: str) -> list[str]:
        return [" ".join(str(each).split()) for each in self.headers.get_all(name) or []]


RECIPIENT_HEADERS: Final = (
    *("Delivered-To", "X-Original-To", "X-Envelope-To", "Envelope-To", "To", "Cc"),
)


def read_mail(raw: bytes, *, headers_only: bool = False) -> IncomingMail:
    """Read a mail (RFC 5322). With `headers_only` the rest of it is not looked at.

    Raises:
        UnreadableMailError
    """
    head, body = _divided(raw)
    if not headers_only:
        _ensure_within_bounds(raw)
    try:
        read = head if headers_only else head + body
        message = BytesParser(policy=_bounded(read)).parsebytes(read, headers_only)
        found = _Parts()
        if not headers_only:
            found.collect(message, depth=0)
    except UnreadableMailError:
        raise
    # Whatever the library stumbles over: it is a mail that nobody's program has written.
    except (
        *(ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError),
    ) as error:
        raise UnreadableMailError(Refusal.UNREADABLE) from error
    message_id = " ".join(str(message.get("Message-ID") or "").split())[:1000]
    return IncomingMail(
        digest=_digest(message_id.encode("utf-8", "replace") if message_id else raw),
        sender=_sender(message),
        recipients=tuple(
            str(value)[:MOST_PART_HEADER]
            for name in RECIPIENT_HEADERS
            for value in (message.get_all(name) or [])[:10]
        ),
        message_id=message_id,
        headers=message,
        text=found.text(),
        files=tuple(found.files),
    )


def digest_of(raw: bytes) -> str:
    """That of a mail which cannot be read."""
    return _digest(raw)


def _digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()


def _divided(raw: bytes) -> tuple[bytes, bytes]:
    """The headers with the empty line after them, and the rest as it came.

    Mail servers do not end a line at a lone CR: what they looked for in the headers, or took away
    from them, must not come back behind one.
    """
    end = _END_OF_HEADERS.search(raw, 0, MOST_HEADERS + 4)
    length = end.start() if end else len(raw)
    if length > MOST_HEADERS:
        raise UnreadableMailError(Refusal.UNREADABLE)
    head = raw[:length].replace(b"\r\n", b"\n").replace(b"\r", b" ")
    return head + b"\n\n", raw[end.end() :] if end else b""


def _ensure_within_bounds(raw: bytes) -> None:
    if len(raw) > settings.MAIL_IN_MOST_BYTES:
        raise UnreadableMailError(Refusal.TOO_LARGE)
    if _lines(raw) > MOST_LINES:
        raise UnreadableMailError(Refusal.UNREADABLE)


def _lines(raw: bytes) -> int:
    return max(raw.count(b"\n"), raw.count(b"\r"))


class _Bounds:
    """What one mail, of so many lines, has had of what is bounded."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._parts = self._headers = self._nested = 0

    def new_part(self, policy: Policy[Any]) -> Message[str, str]:
        self._parts += 1
        if self._parts > MOST_PARSED:
            raise UnreadableMailError(Refusal.UNREADABLE)
        return Message(policy)

    def look_at(self, name: str, value: str) -> None:
        """At a header of any part, before the library looks for parameters in it: that takes a
        time that grows with the square of its length."""
        name = name.strip().lower()
        self._headers += 1
        is_too_much = self._headers > MOST_NUMBER_OF_HEADERS
        if name.startswith("content-"):
            is_too_much |= len(value) > MOST_PART_HEADER or value.count(";") > MOST_PARAMETERS
        if name == "content-type" and value.strip().lower().startswith(_NESTED):
            self._nested += 1
            is_too_much |= self._nested > MOST_NESTED
            is_too_much |= self._nested * self._lines > MOST_COMPARED
        if is_too_much:
            raise UnreadableMailError(Refusal.UNREADABLE)


class _Policy(Compat32):
    """Bounds what is parsed, and writes headers as they came: to fold them may take long."""

    bounds: _Bounds | None = None
    mangle_from_ = False

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if self.bounds is not None:
            self.bounds.look_at(name, value)
        return name, value

    def fold_binary(self, name: str, value: str) -> bytes:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        return f"{name}: {value}\n".encode("ascii", "surrogateescape")


def _bounded(raw: bytes) -> _Policy:
    bounds = _Bounds(_lines(raw))
    # It takes each attribute that its class has.
    return _Policy(bounds=bounds, message_factory=bounds.new_part)  # type: ignore[call-arg]


def _sender(message: Message[str, str]) -> str:
    """The address; empty where there is none, or more than one."""
    values = message.get_all("From") or []
    if len(values) != 1:
        return ""
    found = [address for _name, address in getaddresses([str(values[0])[:2000]])]
    if len(found) != 1 or "@" not in found[0] or len(found[0]) > LONGEST_ADDRESS:
        return ""
    address = plain_email(found[0])
    return address if address.isprintable() else ""


class _Parts:
    """Goes over the parts of a mail."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.html: list[str] = []
        self.files: list[IncomingFile] = []
        self._parts = 0

    def text(self) -> str:
        """Plain text, where there is any; else that of the HTML."""
        plain = "\n\n".join(each for each in self.plain if each.strip())[:MOST_TEXT]
        # All at once: what the HTML may cost is bounded for a mail, not for each of its parts.
        return plain or text_of_html("\n".join(self.html))[:MOST_TEXT]

    def collect(self, part: Message[str, str], *, depth: int) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS or depth > MOST_NESTED:
            raise UnreadableMailError(Refusal.UNREADABLE)
        if part.get_content_type() == "message/rfc822":
            self.files.append(IncomingFile(_name_of(part) or "mail.eml", "message/rfc822",
                                           _inside(part)))  # fmt: skip
        elif part.is_multipart():
            payload = part.get_payload()
            for each in payload if isinstance(payload, list) else []:
                if isinstance(each, Message):
                    self.collect(each, depth=depth + 1)
        else:
            self._leaf(part)

    def _leaf(self, part: Message[str, str]) -> None:
        content_type, name = part.get_content_type(), _name_of(part)
        disposition = part.get_content_disposition()
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if not name and disposition != "attachment" and content_type in ("text/plain", "text/html"):
            texts = self.plain if content_type == "text/plain" else self.html
            texts.append(
                _decoded(content[:MOST_TEXT_BYTES], part.get_content_charset())[:MOST_TEXT]
            )
            return
        is_picture = part.get_content_maintype() == "image"
        is_of_text = disposition != "attachment" and part.get("Content-ID") is not None
        if content_type in _NO_FILES or not content:
            return
        if is_picture and is_of_text and len(content) < SMALL_PICTURE:
            return
        self.files.append(IncomingFile(name or _made_up(content_type), content_type, content))


def _inside(part: Message[str, str]) -> bytes:
    """A mail in a mail, as bytes."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0].as_bytes(policy=_Policy())
    return b""


def _name_of(part: Message[str, str]) -> str:
    """The name of a file, in whatever way it is written; empty: it has none."""
    name = part.get_filename()
    if not name:
        return ""
    with suppress(HeaderParseError, LookupError, ValueError):
        return str(make_header(decode_header(name)))
    return str(name)


def decoded_header(mail: IncomingMail, name: str) -> str:
    """The first header of this name as people read it, in one line; empty where there is none."""
    text = mail.header(name)
    with suppress(HeaderParseError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return " ".join(text.split())


def _made_up(content_type: str) -> str:
    subtype = re.sub(r"[^a-z0-9]", "", content_type.partition("/")[2])[:10]
    return f"file.{subtype}" if subtype else "file"


def _decoded(content: bytes, charset: object) -> str:
    for each in _known([str(charset or ""), "utf-8"]):
        with suppress(UnicodeDecodeError, LookupError):
            return content.decode(each)
    return content.decode("cp1252", "replace")


def _known(charsets: Iterable[str]) -> Iterable[str]:
    for each in charsets:
        with suppress(LookupError, ValueError):
            if codecs.lookup(each).name.startswith(_CHARSETS):
                yield each
