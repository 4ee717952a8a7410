"""How the engine reports what is wrong with a document or with an answer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from .texts import gettext as _

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a definition: where, what to do, what was found there.

    ``nearest`` is the valid name that was probably meant, or empty.
    """

    path: Path
    message: str
    found: object = None
    nearest: str = ""

    @property
    def place(self) -> str:
        """The path as people write it, such as ``fields[2].choices[0]``."""
        return place(self.path)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Something wrong with an answer; ``field`` is dotted inside records: ``items.0.amount``.

    ``field`` is empty where the whole answer is wrong.
    """

    field: str
    message: str


def place(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(step) for step in path)


def steps_into(answers: object, place: str) -> tuple[Path, object]:
    """The steps to a dotted place in the answers of a form, and what stands there.

    Of `parts.1.count` these are `("parts", 1, "count")`; what leads on from a value that holds no
    others is left out.
    """
    steps: list[str | int] = []
    found = answers
    for step in place.split("."):
        if isinstance(found, dict):
            steps.append(step)
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            steps.append(int(step))
            found = found[int(step)]
        else:
            break
    return tuple(steps), found


def nearest(name: object, valid: Iterable[str]) -> str:
    """The valid name that looks most like this one, or an empty string."""
    if not isinstance(name, str) or len(name) > 200:
        return ""
    matches = difflib.get_close_matches(name, list(valid), n=1)
    return matches[0] if matches else ""


def did_you_mean(name: str) -> str:
    """As another sentence at the end of a text, or an empty string."""
    return f" {_('Did you mean “%(name)s”?') % {'name': name}}" if name else ""


def quoted(name: str) -> str:
    """A name in quotes, as the language of whoever reads it writes them."""
    return _("“%(name)s”") % {"name": name}


def short(value: object, limit: int = 60) -> str:
    """A value as it can stand inside a sentence."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
