"""What a file is by its first bytes, whatever its name says.

The few kinds that matter are told apart: what pages show, what runs when it is opened, and what
people's files are mostly. The signatures are those of the formats' own specifications. Libraries
that know hundreds of kinds guess among them, and a guess is no reason to refuse somebody's file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from workflows.fields.file.accepted import OFFICE, known_media, media_of

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# So many bytes are looked at.
HEAD: Final = 8192
# So far into a program for Windows its header may stand; letters would say much more.
_FURTHEST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is. `name` says it in a sentence; `ending` is the usual one, with its dot.

    `is_image` and `is_shown`: pages show it. Nothing is shown that can run anything: no HTML, no
    SVG.
    """

    key: str
    mime: str
    name: StrPromise
    ending: str = ""
    is_image: bool = False
    is_shown: bool = False


PNG: Final = Content("png", "image/png", _("a PNG image"), ".png", True, True)
JPEG: Final = Content("jpeg", "image/jpeg", _("a JPEG image"), ".jpg", True, True)
GIF: Final = Content("gif", "image/gif", _("a GIF image"), ".gif", True, True)
WEBP: Final = Content("webp", "image/webp", _("a WebP image"), ".webp", True, True)
PDF: Final = Content("pdf", "application/pdf", _("a PDF document"), ".pdf", is_shown=True)
ZIP: Final = Content("zip", "application/zip", _("a ZIP archive or an Office document"), ".zip")
OLE: Final = Content("ole", "application/x-ole-storage", _("an Office document"))
PROGRAM: Final = Content("program", "application/octet-stream", _("a program"))
HTML: Final = Content("html", "text/html", _("a web page (HTML)"), ".html")
SVG: Final = Content("svg", "image/svg+xml", _("a drawing (SVG)"), ".svg")

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF", PDF),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x7fELF", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
)
# After an XML declaration and comments; a declaration ends soon. What was read once is never read
# another way (`++`, `*+`): the time would double with each comment.
_MARKUP: Final = re.compile(
    r"(?:\s++|<\?[^>]{0,500}+>|<!--(?:(?!-->).){0,2000}+-->)*+"
    r"<(?:!doctype\s++)?(html|head|body|script|iframe|svg)\b",
    re.IGNORECASE | re.DOTALL,
)
_ZIPS: Final = frozenset({ZIP.key, OLE.key})  # Office writes those with a password as OLE
# What the content must be where a name ends so.
_EXPECTED: Final = {
    ".png": PNG,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".jpe": JPEG,
    ".jfif": JPEG,
    ".gif": GIF,
    ".webp": WEBP,
    ".pdf": PDF,
    ".zip": ZIP,
    ".docx": ZIP,
    ".xlsx": ZIP,
    ".pptx": ZIP,
    ".odt": ZIP,
    ".ods": ZIP,
    ".odp": ZIP,
}
_TEXTS: Final = frozenset({".txt", ".csv", ".tsv", ".md", ".log", ".json", ".xml", ".yaml", ".yml"})
_PROGRAMS: Final = frozenset(
    {"", ".exe", ".dll", ".com", ".scr", ".sys", ".msi", ".ocx", ".cpl", ".efi", ".so", ".dylib"}
    | {".bin", ".out", ".o", ".elf", ".run", ".appimage", ".node", ".pyd", ".ko"}
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A name that promises something else than what is in the file.

    `found` is None where we do not know what it is. `expected` is None where the name only does
    not say what it is.
    """

    found: Content | None
    expected: Content | None


def content_of(head: bytes) -> Content | None:
    """What begins like this; None: something else. `head` is the first HEAD bytes of a file."""
    for signature, content in _SIGNATURES:
        if head.startswith(signature):
            return content
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if _is_windows_program(head):
        return PROGRAM
    if (markup := _markup(head)) is not None:
        return markup
    # Some programs write something before it, and readers look so far (ISO 32000, annex H).
    return PDF if b"%PDF-" in head[:1024] else None


def mismatch(head: bytes, filename: str) -> Mismatch | None:
    """Whether the name of a file says something that is not so; None: it does not."""
    ending = PurePath(filename).suffix.lower()
    found, expected = content_of(head), _EXPECTED.get(ending)
    if expected is not None:
        fits = {expected.key} if expected is not ZIP else _ZIPS
        return None if found is not None and found.key in fits else Mismatch(found, expected)
    if found is PROGRAM and ending not in _PROGRAMS:
        return Mismatch(found, None)
    if found is not None and found not in (HTML, SVG) and ending in _TEXTS:
        return Mismatch(found, None)
    return None


def _is_windows_program(head: bytes) -> bool:
    """MZ alone begins texts, too: what it points to must be there."""
    if head[:2] != b"MZ" or len(head) < 64:
        return False
    start = int.from_bytes(head[0x3C:0x40], "little")
    if start > _FURTHEST:
        return False
    return start + 4 > len(head) or head[start : start + 2] in (b"PE", b"NE", b"LE", b"LX")


def _markup(head: bytes) -> Content | None:
    coding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = head[:4096].decode(coding, "replace").lstrip("\ufeff\x00")
    found = _MARKUP.match(text)
    if found is None:
        return None
    return SVG if found[1].lower() == "svg" else HTML


# What else people's files are, beside what is told apart above: these are told apart only where a
# question says which types it takes. By the first bytes, and where in a file those stand.
_MORE_SIGNATURES: Final = (
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xf2", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (8, b"WAVE", "wav"),
    (4, b"ftyphei", "heif"),
    (4, b"ftyphev", "heif"),
    (4, b"ftypmif1", "heif"),
    (4, b"ftypmsf1", "heif"),
    (4, b"ftypavi", "avif"),
    (4, b"ftyp", "mp4"),
    (0, b"BM", "bmp"),
)
_OFFICE: Final = frozenset(
    media for media in known_media() if media.startswith(("application/vnd.oasis", OFFICE))
)
# Which media types a file of such a content may have: what its name says of these counts.
_MEDIA_OF_CONTENT: Final = {
    PNG.key: frozenset({PNG.mime}),
    JPEG.key: frozenset({JPEG.mime}),
    GIF.key: frozenset({GIF.mime}),
    WEBP.key: frozenset({WEBP.mime}),
    PDF.key: frozenset({PDF.mime}),
    ZIP.key: frozenset({ZIP.mime}) | _OFFICE,
    OLE.key: _OFFICE,
    "tiff": frozenset({"image/tiff"}),
    "bmp": frozenset({"image/bmp"}),
    "heif": frozenset({"image/heic", "image/heif"}),
    "avif": frozenset({"image/avif"}),
    "mp3": frozenset({"audio/mpeg"}),
    "ogg": frozenset({"audio/ogg", "video/ogg"}),
    "flac": frozenset({"audio/flac"}),
    "wav": frozenset({"audio/wav"}),
    "matroska": frozenset({"video/webm", "audio/webm", "video/x-matroska"}),
    "mp4": frozenset({"video/mp4", "audio/mp4", "video/quicktime", "video/3gpp", "audio/3gpp"}),
}
_TOLD_APART: Final = frozenset[str]().union(*_MEDIA_OF_CONTENT.values())
_OPEN: Final = frozenset({ZIP.key, OLE.key})  # many formats that we do not know are built on them


def keeps_promise(head: bytes, filename: str) -> bool:
    """Whether a file is what its name says, as far as we can tell; `head` as above.

    Stricter than `mismatch`: for questions that say which types they take.
    """
    promised, found = media_of(filename), _key_of(head)
    if promised in _TOLD_APART:
        return promised in _MEDIA_OF_CONTENT.get(found, frozenset())
    # A picture or a PDF document is nothing else that has a name.
    return not promised or found in _OPEN or found not in _MEDIA_OF_CONTENT


def is_looked_at_everywhere(filename: str) -> bool:
    """Whether `mismatch` has shown already that such a file keeps what its name promises."""
    return PurePath(filename).suffix.lower() in _EXPECTED


def _key_of(head: bytes) -> str:
    content = content_of(head)
    if content is not None:
        return content.key
    for start, signature, key in _MORE_SIGNATURES:
        if head.startswith(signature, start):
            return key
    return ""
