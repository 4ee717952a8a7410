"""The texts of Unfold's pages. It brings no translations, so that they stand in our catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.mofile import read_mo

# Whose translations Django finds by itself: what they have is not ours to translate.
TRANSLATED = (
    "django.conf",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "import_export",
)
_KINDS = {".py", ".html"}
# Those that settings install.
CONTRIB = ("filters", "forms", "import_export")


def sources() -> Iterator[tuple[Path, str]]:
    """Each file of the parts of Unfold that are installed, and what it is called in a catalogue."""
    root = _folder("unfold")
    contrib = [root / "contrib" / each for each in CONTRIB]
    for path in sorted(root.rglob("*")):
        is_used = root / "contrib" not in path.parents or any(
            each in path.parents for each in contrib
        )
        if is_used and path.suffix in _KINDS:
            yield path, f"unfold/{path.relative_to(root).as_posix()}"


def translated(language: str) -> set[str]:
    """The texts that the libraries' own catalogues have in a language."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]
        for name in TRANSLATED
        for path in [_folder(name) / "locale" / language / "LC_MESSAGES" / "django.mo"]
        for message in _messages(path)
        if message.id
    }


def _messages(path: Path) -> Iterator[Message]:
    with path.open("rb") as stream:
        yield from read_mo(stream)


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent
