"""How a bundle's problems are described: where, what to do, what was found, what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from workflows.engine.problems import Path, place, short


class Severity(StrEnum):
    """An error stops import and publishing; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a bundle.

    `where` is the place in words, such as “Task approve_invoice, field amount, type”. `nearest`
    is the valid name that was probably meant, or empty.
    """

    path: Path
    message: str
    found: object = None
    expected: str = ""
    nearest: str = ""
    severity: Severity = Severity.ERROR
    where: str = ""

    @property
    def place(self) -> str:
        """The path as it is written in the document: `tasks[2].fields[0].type`."""
        return place(self.path)

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def found_text(self) -> str:
        """The found value, short, for people; empty where there was nothing."""
        return value_text(self.found)


def value_text(value: object, limit: int = 200) -> str:
    """A value of a document as people can read it: text as it is, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _printable(short(value, limit))
    try:
        return _printable(short(json.dumps(value, ensure_ascii=False), limit))
    except (TypeError, ValueError, RecursionError):
        return "…"


def _printable(text: str) -> str:
    """Without the broken halves of characters, which cannot be written anywhere."""
    return text.encode("utf-8", "replace").decode()


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Those that stop import and publishing."""
    return [each for each in problems if each.is_error]


_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    # The list: what one entry is called, and the key that names the entry.
    "tasks": (gettext_noop("Task %(name)s"), "key"),
    "ticket_types": (gettext_noop("Ticket type %(name)s"), "key"),
    "company_roles": (gettext_noop("Company role %(name)s"), "name"),
    "transitions": (gettext_noop("Transition %(name)s"), ""),
    "fields": (gettext_noop("question %(name)s"), "name"),
    "checks": (gettext_noop("check %(name)s"), ""),
    "choices": (gettext_noop("choice %(name)s"), ""),
    "accept": (gettext_noop("file type %(name)s"), ""),
    "ext_ref": (gettext_noop("link %(name)s"), "label"),
    "edits": (gettext_noop("earlier answer %(name)s"), "field"),
    "roles_with_access": (gettext_noop("role %(name)s"), ""),
    "tests": (gettext_noop("Test case %(name)s"), "name"),
    "answers": (gettext_noop("answer %(name)s"), ""),
    "path": (gettext_noop("step %(name)s"), ""),
    "branches": (gettext_noop("branch %(name)s"), "key"),
    "starts": (gettext_noop("start %(name)s"), "key"),
    "inputs": (gettext_noop("input %(name)s"), "name"),
    "outputs": (gettext_noop("output %(name)s"), "name"),
    "rows": (gettext_noop("row %(name)s"), ""),
}

# Of longer lists, which are refused, no more entries are looked through for a label.
_MOST_LABELLED: Final = 1_000
# A question of the records that another question asks for.
_COLUMN: Final = gettext_noop("column %(name)s")

# What such entries are called on screen.
_LABELS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("tasks", "ticket_types", "branches", "starts"), "title"),
    **dict.fromkeys(("fields", "inputs", "outputs"), "label"),
}
# The cells of a decision table's row, and where their columns stand.
_CELLS: Final[Mapping[str, str]] = {"when": "inputs", "then": "outputs"}
# What stands in these goes by the names of the ticket's questions.
_TICKET_ANSWERS: Final = frozenset({"presets", "ticket"})


def path_in_words(document: object, path: Path) -> str:
    """A path into a bundle in words; entries go by their names where they have one.

    They are called as people know them, with the name behind: “question “Amount” (amount)”.
    """
    words: list[str] = []
    value, steps = document, list(path)
    is_in_record = False
    table: object = None
    while steps:
        step = steps.pop(0)
        inner = _child(value, step)
        if step == "table":
            table = inner
            words.append(_("decision table"))
            value = inner
            continue
        if table is not None and step in _CELLS and steps and isinstance(steps[0], int):
            words.append(_cell_in_words(table, str(step), int(steps[0])))
            break
        if isinstance(step, str) and step in _PARTS and steps and isinstance(steps[0], int):
            index = steps.pop(0)
            inner = _child(inner, index)
            template = _COLUMN if is_in_record and step == "fields" else _PARTS[step][0]
            words.append(_entry(step, int(index), inner, template, document))
            is_in_record = step == "fields"
        elif step == "workflow" and not words:
            words.append(_("Workflow"))
        elif words and words[-1] in _TICKET_ANSWERS:
            fields = _child(_child(document, "workflow"), "fields")
            words.append(_labelled(fields, "name", "label", str(step)))
        else:
            words.append(str(step))
            if words[:-1] and _is_free_form(step):
                break  # what stands inside rules and schemas has no name for people
        value = inner
    return ", ".join(words) or _("The whole document")


def _cell_in_words(table: object, part: str, index: int) -> str:
    """Where a cell of a row stands: by the heading of its column."""
    column = _child(_child(table, _CELLS[part]), index)
    name = column.get("name") if isinstance(column, dict) else None
    shown = _labelled([column], "name", "label", name) if isinstance(name, str) else str(index + 1)
    return _("column %(name)s") % {"name": shown}


def _is_free_form(step: str | int) -> bool:
    return step in {
        "condition",
        "when",
        "for_each",
        "people",
        "input_schema",
        "output_schema",
        "input_transform",
        "output_transform",
        "visible_when",
        "computed",
    }


def _entry(kind: str, index: int, entry: object, template: str, document: object) -> str:
    """`document`: the whole bundle."""
    name_key = _PARTS[kind][1]
    name: object = entry.get(name_key) if isinstance(entry, dict) and name_key else None
    if kind == "transitions" and isinstance(entry, dict):
        source, target = entry.get("from"), entry.get("to")
        if isinstance(source, str) and isinstance(target, str):
            tasks = _child(document, "tasks")
            return _("Transition from %(source)s to %(target)s") % {
                "source": _labelled(tasks, "key", "title", source),
                "target": _labelled(tasks, "key", "title", target),
            }
    if not isinstance(name, str) or not name.strip():
        return _(template) % {"name": str(index + 1)}
    label_key = _LABELS.get(kind, "")
    return _(template) % {"name": _labelled([entry], name_key, label_key, name)}


def _labelled(entries: object, name_key: str, label_key: str, name: str) -> str:
    """The name, with the label before it that the entry of this name has, if it has one."""
    shown = _printable(short(name))
    for each in entries[:_MOST_LABELLED] if isinstance(entries, list) else []:
        label = each.get(label_key) if isinstance(each, dict) else None
        if isinstance(label, str) and label.strip() and each.get(name_key) == name:
            return _("“%(label)s” (%(name)s)") % {"label": _printable(short(label)), "name": shown}
    return shown


def _child(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        found: object = value[step]
        return found
    return None
