"""Which files a question takes: a list of endings (".pdf") and media types ("image/*").

It is what HTML calls `accept`. What a name promises is said here; whether a file keeps it is
looked up in its content (`content.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from mimetypes import MimeTypes
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.engine.texts import gettext, gettext_noop
from workflows.fields.field import Field

ACCEPT: Final = "accept"
LONGEST: Final = 100  # characters of an entry

_ENDING: Final = re.compile(r"(?:\.[a-z0-9][a-z0-9_+-]*){1,3}")
_MEDIA: Final = re.compile(r"([a-z]+)/(\*|[a-z0-9][a-z0-9.+_-]*)")
OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"
# Usual endings with their media types as IANA has them. Of several endings of one type the first
# is what the type is called for people. Python's own table knows more, and not all of these.
_USUAL: Final = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",
    ".docx": f"{OFFICE}.wordprocessingml.document",
    ".xlsx": f"{OFFICE}.spreadsheetml.sheet",
    ".pptx": f"{OFFICE}.presentationml.presentation",
    ".odt": f"{_OPEN}.text",
    ".ods": f"{_OPEN}.spreadsheet",
    ".odp": f"{_OPEN}.presentation",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
    ".rtf": "application/rtf",
    ".zip": "application/zip",
    ".json": "application/json",
    ".xml": "text/xml",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".eml": "message/rfc822",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}
_MEDIA_OF: Final[Mapping[str, str]] = MappingProxyType({**MimeTypes().types_map[True], **_USUAL})
_ENDING_OF: Final[Mapping[str, str]] = MappingProxyType(
    {media: ending for ending, media in reversed([*_USUAL.items(), *_MEDIA_OF.items()])}
)
_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/*": gettext_noop("images"),
        "audio/*": gettext_noop("sound"),
        "video/*": gettext_noop("films"),
        "text/*": gettext_noop("texts"),
    }
)
_FORM: Final = gettext_noop(
    "“%(entry)s” is neither an ending such as “.pdf” nor a media type such as “image/*”."
)
_EVERY: Final = gettext_noop("“%(entry)s” means every file. Remove “accept”: every file is taken.")
_UNKNOWN: Final = gettext_noop(
    "“%(entry)s” is no media type by which files are known. Name the ending of the files instead."
)


def accepted_by(question: Field) -> tuple[str, ...]:
    """The entries of a question, in small letters; none: it takes every file."""
    return entries_in(question.settings.get(ACCEPT))


def entries_in(value: Json) -> tuple[str, ...]:
    """The entries of a value that need not be right."""
    found = value if isinstance(value, list | tuple) else ()
    return tuple(each.strip().lower() for each in found if isinstance(each, str) and each.strip())


def entry_problem(entry: str) -> tuple[str, str]:
    """What is wrong with an entry, and what was probably meant; empty where it is right."""
    given, words = entry.lower(), {"entry": short(entry)}
    if given in {"*", "*/*", ".*", "*.*"}:
        return gettext(_EVERY) % words, ""
    if len(entry) <= LONGEST and _ENDING.fullmatch(given):
        return "", ""
    match = _MEDIA.fullmatch(given) if len(entry) <= LONGEST else None
    if match is None:
        meant = _meant(given)
        return gettext(_FORM) % words + did_you_mean(meant), meant
    medias = known_media()
    mains = {each.partition("/")[0] for each in medias}
    if match[1] in mains if match[2] == "*" else given in medias:
        return "", ""
    meant = nearest(given, [*medias, *(f"{each}/*" for each in mains)])
    return gettext(_UNKNOWN) % words + did_you_mean(meant), meant


def _meant(given: str) -> str:
    """“pdf”, “*.pdf” and “images” as entries."""
    ending = "." + given.lstrip("*.")
    if ending in _MEDIA_OF:
        return ending
    group = f"{given.rstrip('s/')}/*"
    return group if group in _GROUPS else ""


def known_media() -> frozenset[str]:
    """The media types that names can promise."""
    return frozenset(_MEDIA_OF.values())


def media_of(filename: str) -> str:
    """The media type that a name promises; empty: nobody knows it."""
    return _MEDIA_OF.get(PurePath(filename.lower()).suffix, "")


def takes_name(entries: Iterable[str], filename: str) -> bool:
    """Whether a file of this name is among what the entries name; none: every file is."""
    wanted, name, media = tuple(entries), filename.lower(), media_of(filename)
    return not wanted or any(_takes(each, name, media) for each in wanted)


def _takes(entry: str, name: str, media: str) -> bool:
    if entry.startswith("."):
        return name.endswith(entry) and len(name) > len(entry)
    main = entry.removesuffix("*")
    return bool(media) and (media == entry or (main != entry and media.startswith(main)))


def in_words(entries: Iterable[str]) -> str:
    """The entries for people: “.pdf, images”."""
    words = [
        gettext(_GROUPS[each]) if each in _GROUPS else _ENDING_OF.get(each, each)
        for each in entries
    ]
    return ", ".join(dict.fromkeys(words))


def refusal_of_name(entries: Iterable[str], filename: str) -> str:
    """Why a file of this name is not taken, in a sentence; empty where it is."""
    wanted = tuple(entries)
    if takes_name(wanted, filename):
        return ""
    text = gettext(
        "“%(name)s” is of a type that is not taken here. Choose one of these: %(types)s."
    )
    return text % {"name": short(filename, 100), "types": in_words(wanted)}


def sample_name(entries: Iterable[str]) -> str:
    """The name of a made-up file that is taken."""
    for each in entries:
        if each.startswith("."):
            return f"file{each}"
        main = each.removesuffix("*")
        fitting = [end for end, media in _MEDIA_OF.items() if media.startswith(main)]
        usual = [end for end in _USUAL if end in fitting]
        if usual or fitting:
            return f"file{(usual or fitting)[0]}"
    return "file.pdf"
