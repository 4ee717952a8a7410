"""The catalogues: `APP/locale/LANGUAGE/LC_MESSAGES/DOMAIN.po`, and what Django reads, the .mo.

One for each app, so that several people can translate beside each other, and sorted by source, so
that the texts of a subject stand together. They name files and no lines: moving code changes
nothing in them. The .mo are made at set-up and not kept in git, where nobody can merge them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from project.environment import BASE_DIR
from project.translating.extraction import APPS, DOMAINS, LANGUAGES, texts_of

Key = tuple[str, str | None]
_HEADER = "# Texts of TicketFlower. `python3 dev.py messages` keeps this list up to date."
_BEGAN = datetime(2026, 11, 29, tzinfo=UTC)


def paths() -> Iterator[tuple[str, str, str, Path]]:
    """App, domain, language and file of each catalogue that there may be."""
    for app in APPS:
        for language in LANGUAGES:
            for domain in DOMAINS:
                folder = BASE_DIR / app / "locale" / language / "LC_MESSAGES"
                yield app, domain, language, folder / f"{domain}.po"


def template_of(app: str, domain: str) -> Catalog:
    """All texts of an app, untranslated."""
    template = Catalog(project="TicketFlower", creation_date=_BEGAN, charset="utf-8")
    for found in texts_of(app, domain):
        template.add(
            found.texts if len(found.texts) > 1 else found.texts[0],
            locations=[(found.place, 0)],
            context=found.context,
        )
    return template


def read(path: Path, language: str) -> Catalog:
    """A catalogue as it stands in its file; an empty one where there is none.

    Raises:
        babel.messages.pofile.PoFileError: the file is none, such as after a merge with conflicts.
    """
    if not path.exists():
        return Catalog(
            locale=language,
            header_comment=_HEADER,
            project="TicketFlower",
            version="1",
            msgid_bugs_address="",
            last_translator="",
            language_team="",
            creation_date=_BEGAN,
            revision_date=_BEGAN,
            fuzzy=False,
            charset="utf-8",
        )
    with path.open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def update() -> Iterator[tuple[Path, Catalog]]:
    """Bring each catalogue to what the sources say; translations that are still used are kept."""
    for app, domain, language, path in paths():
        template = template_of(app, domain)
        if not len(template):
            path.unlink(missing_ok=True)
            continue
        catalogue = read(path, language)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_as_bytes(catalogue))
        yield path, catalogue


def _as_bytes(catalogue: Catalog) -> bytes:
    stream = BytesIO()
    write_po(
        stream, catalogue, width=100, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return stream.getvalue()


def behind() -> Iterator[str]:
    """What the sources and the catalogues do not have in common, a line for each text."""
    for app, domain, language, path in paths():
        said = keys_of(template_of(app, domain))
        kept = keys_of(read(path, language))
        name = path.relative_to(BASE_DIR).as_posix()
        yield from (f"{name}: missing: {text!r}" for text, _context in sorted(said - kept, key=str))
        yield from (f"{name}: not used: {text!r}" for text, _ in sorted(kept - said, key=str))


def keys_of(catalogue: Catalog) -> set[Key]:
    """What tells the texts of a catalogue apart. Those for one and for many go together."""
    found: set[Key] = set()
    for message in catalogue:
        texts = [message.id] if isinstance(message.id, str) else message.id
        if any(texts):
            found.add(("\0".join(texts), message.context))
    return found


def compile_all() -> list[Path]:
    """Make the .mo of each catalogue whose .po is newer, so that Django finds the translations."""
    made = []
    for _app, _domain, language, path in paths():
        target = path.with_suffix(".mo")
        if not path.exists():
            target.unlink(missing_ok=True)
        elif not target.exists() or target.stat().st_mtime_ns < path.stat().st_mtime_ns:
            made.append(_compile(path, target, language))
    return made


def _compile(path: Path, target: Path, language: str) -> Path:
    """Whole or not at all: another process may be reading it."""
    stream = BytesIO()
    write_mo(stream, read(path, language))
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    beside.write_bytes(stream.getvalue())
    beside.replace(target)
    return target
