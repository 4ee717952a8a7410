"""What rules can read at each place of a workflow, for certain or perhaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from workflows.bundles.checks.kept_of_subtickets import KeptOfCancelled
from workflows.bundles.checks.rule_readings import (
    Reading,
    field_reading,
    no_such_property,
    of_approval,
    of_failure,
    unless_known,
)
from workflows.bundles.checks.unanswered import has_fallback, is_certain, names_with_fallback
from workflows.bundles.document.canonical import START
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.blocks import (
    ITEM,
    ITEM_NUMBER,
    OF_BRANCH,
    PARTS,
    PARTS_WITH_ITEMS,
    item_field,
)
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import output_fields, values_set
from workflows.bundles.outline.subtickets import names_read
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.steps.subtickets import ROOT as SUBTICKET
from workflows.fields.field import Field

SUBMITTER = ("email", "first_name", "last_name")
COMPANY = ("name",)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
DONE = ("by", "at")
DONE_BY = ("email", "name")


class Scopes:
    """What can be read at each place of a workflow."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._without: dict[str, set[str]] = {}
        self.kept_of_cancelled = KeptOfCancelled(outline)

    @cached_property
    def outputs(self) -> dict[str, dict[str, Field] | None]:
        """The fields of each FORM task; None where any name may be read."""
        return {key: output_fields(task) for key, task in self.outline.task_of.items()}

    def reached_without(self, key: str) -> set[str]:
        """What can be reached from the start by transitions that do not lead through this task."""
        if key not in self._without:
            self._without[key] = self.outline.reachable(START, without=key)
        return self._without[key]

    def after(self, key: str) -> Scope:
        """When a task has been completed (or at the start), and the next transition is chosen."""
        done = set() if key == START else {key} | self.outline.before.get(key, set())
        if key in self.outline.blocks and not self.outline.has_items(key):
            own = self.outline.item_blocks(key)
            inside = self.outline.inside(key)
            done |= {each for each in inside if self.outline.item_blocks(each) == own}
        return Scope(self, done, key, certain_itself=True)

    def cancelled(self, key: str) -> Scope:
        """When the ticket was withdrawn or cancelled at this task, or anywhere."""
        return Scope(self, self.outline.done_when_cancelled(key), key)

    def before(
        self, key: str, *, response: tuple[str, ...] = (), callback: tuple[str, ...] = ()
    ) -> Scope:
        """When a task's call is made, or its answer read; with the names beneath each."""
        done = self.outline.before.get(key, set())
        return Scope(self, done, key, response=response, callback=callback)


@dataclass(frozen=True, slots=True)
class Scope:
    scopes: Scopes
    done: Collection[str]
    at: str
    certain_itself: bool = False
    response: tuple[str, ...] = ()
    callback: tuple[str, ...] = ()
    knows_visits: bool = False  # as conditions of transitions do
    failure: tuple[str, ...] = ()
    subticket: tuple[str, ...] = ()

    def problems(
        self,
        path: Path,
        rule: Json,
        variables: Collection[str],
        columns: Collection[tuple[str, str]] = (),
    ) -> Iterator[Problem]:
        """`columns` are read of the rows of answers: each with the answer that has the rows."""
        with_fallback = names_with_fallback(rule)
        found = [(each, self._wrong_reading(each)) for each in sorted(variables)]
        found += [(column, self._wrong_column(rows, column)) for rows, column in sorted(columns)]
        for variable, other in found:
            wrong = other or self._of_cancelled(variable, rule)
            if wrong is None or (
                wrong.severity is Severity.WARNING and has_fallback(variable, with_fallback)
            ):
                continue
            yield Problem(
                path,
                wrong.message + did_you_mean(wrong.nearest),
                variable,
                nearest=wrong.nearest,
                severity=wrong.severity,
            )

    def _of_cancelled(self, variable: str, rule: Json) -> Reading | None:
        if not self.scopes.kept_of_cancelled.is_read(variable, rule, at=self.at):
            return None
        message = _(
            "The rule reads “%(name)s”, which is not there if the other ticket was withdrawn or "
            "cancelled. Ask for the outcome first, or give a default."
        )
        return Reading(message % {"name": short(variable)}, severity=Severity.WARNING)

    def _wrong_reading(self, variable: str) -> Reading | None:
        root, _dot, rest = variable.partition(".")
        blocks = self.scopes.outline.item_blocks(self.at)
        readers: dict[str, Callable[[str], Reading | None]] = {
            "ticket": self._ticket,
            "tasks": self._tasks,
            "submitter": lambda name: unless_known(variable, "submitter", name, SUBMITTER),
            "company": lambda name: unless_known(variable, "company", name, COMPANY),
            "number": lambda name: no_such_property(variable, name),
            **{each: (lambda name: no_such_property(variable, name)) for each in NAMES_OF_TIME},
        }
        if self.knows_visits:
            tasks = list(self.scopes.outline.task_of)
            readers["visits"] = lambda key: unless_known(variable, "visits", key, tasks)
            readers["earlier"] = lambda rest: self._earlier(variable, rest)
            readers["done"] = self._done
            readers["failures"] = lambda rest: self._failures(variable, rest)
        if blocks:
            readers[ITEM] = lambda name: self._item(blocks[-1], name)
            readers[ITEM_NUMBER] = lambda name: no_such_property(variable, name)
        if self.response:
            readers["response"] = lambda name: unless_known(
                variable, "response", name.partition(".")[0], self.response
            )
        if self.callback:
            readers["callback"] = lambda name: unless_known(
                variable, "callback", name, self.callback
            )
        if self.subticket:
            readers[SUBTICKET] = lambda name: unless_known(
                variable, SUBTICKET, name.partition(".")[0], self.subticket
            )
        if self.failure:
            readers["failure"] = lambda name: of_failure(variable, name)
        if root in readers:
            return readers[root](rest)
        if root in (ITEM, ITEM_NUMBER) and root not in (self.scopes.outline.fields or {}):
            message = _(
                "The rule reads “%(name)s”. Only in a branch that runs for each entry of a list is "
                "there an entry."
            )
            return Reading(message % {"name": short(variable)})
        if root == "failure" and "failure" not in (self.scopes.outline.fields or {}):
            message = _(
                "The rule reads “%(name)s”. Only a transition that is taken when a call fails can "
                "read it."
            )
            return Reading(message % {"name": short(variable)})
        if not variable:
            return None
        return self._unknown(variable, readers)

    def _wrong_column(self, rows: str, column: str) -> Reading | None:
        fields = self._fields_of_rows(rows)
        if not fields:
            return None
        name = column.partition(".")[0]
        if name in fields and not is_certain(fields[name], fields):
            message = _(
                "The rule reads “%(name)s” in the rows of “%(rows)s”, where it may have no answer. "
                "Give a default, or make the question required."
            )
            return Reading(message % {"name": name, "rows": rows}, severity=Severity.WARNING)
        return None

    def _fields_of_rows(self, rows: str) -> dict[str, Field]:
        """The questions of a row of this answer; none where it has no rows, or is not known."""
        root, _dot, rest = rows.partition(".")
        fields = self.scopes.outline.fields if root == "ticket" else None
        if root == "tasks":
            key, _dot, rest = rest.partition(".")
            fields = self.scopes.outputs.get(key)
        if root == "earlier":
            return dict(self.scopes.outputs.get(rest) or {})
        field = (fields or {}).get(rest)
        return {} if field is None else {each.name: each for each in field.fields}

    def _unknown(self, variable: str, readers: Collection[str]) -> Reading:
        message = _(
            "The rule reads “%(name)s”. What it can read begins with one of these: %(roots)s."
        )
        root = variable.partition(".")[0]
        text = message % {"name": short(variable), "roots": ", ".join(readers)}
        meant = nearest(root, readers)
        if root in (self.scopes.outline.fields or {}):
            meant = f"ticket.{variable}"
        elif root in self.scopes.outline.task_of:
            meant = f"tasks.{variable}"
        return Reading(text, meant)

    def _item(self, block: str, rest: str) -> Reading | None:
        """What is read of the entry of a list; anything, where nobody knows what it is."""
        field = item_field(self.scopes.outline, block)
        if field is None or not rest:
            return None
        if not field.fields:
            return no_such_property(f"{ITEM}.{rest}", rest)
        return field_reading(ITEM, rest, {each.name: each for each in field.fields})

    def _block(self, key: str, inner: str) -> Reading | None:
        """What is read of a block that has ended."""
        outline, variable = self.scopes.outline, short(f"tasks.{key}.{inner}")
        name, _dot, rest = inner.partition(".")
        if outline.has_items(key):
            if wrong := unless_known(variable, f"tasks.{key}", name, PARTS_WITH_ITEMS):
                return wrong
            if name == "items" and rest and not rest.partition(".")[0].isdecimal():
                message = _(
                    "The rule reads “%(name)s” as one value, but each entry has its own. Write "
                    "sum(…), any(…), all(…) or count(…) around it."
                )
                return Reading(message % {"name": variable})
            return no_such_property(variable, rest) if name == "ended" else None
        if wrong := unless_known(variable, f"tasks.{key}", name, PARTS):
            return wrong
        if name == "ended" or not rest:
            return no_such_property(variable, rest)
        branch, _dot, part = rest.partition(".")
        known = [each.entry.text("key") for each in outline.branches_of(key)]
        wrong = unless_known(variable, f"tasks.{key}.branches", branch, known)
        if wrong is None and part:
            name = f"tasks.{key}.branches.{branch}"
            wrong = unless_known(variable, name, part.partition(".")[0], OF_BRANCH)
        if wrong is not None or part in ("", "ended") or self._has_ended(key, branch):
            return wrong
        message = _(
            "The rule reads “%(name)s”, which a branch that has not ended does not have. Give a "
            "default, or ask with “missing” first."
        )
        return Reading(message % {"name": variable}, severity=Severity.WARNING)

    def _has_ended(self, key: str, branch: str) -> bool:
        """Whether a branch has ended for certain where its block has."""
        outline = self.scopes.outline
        wanted = outline.blocks[key].value.get("ends_when") or "all"
        beside = (each for each in outline.branches_of(key) if each.entry.text("key") != branch)
        is_last = wanted == "all" and not any(each.ends_block for each in beside)
        return is_last and outline.branches[f"{key}.{branch}"].always_runs

    def _ticket(self, rest: str) -> Reading | None:
        fields = self.scopes.outline.fields
        if not rest or fields is None:
            return None
        return field_reading("ticket", rest, fields)

    def _tasks(self, rest: str) -> Reading | None:
        outline = self.scopes.outline
        key, _dot, inner = rest.partition(".")
        if not key:
            return None
        if key not in outline.task_of:
            message = _("The rule reads “%(name)s”, but there is no task of this key.")
            meant = nearest(key, outline.task_of)
            return Reading(
                message % {"name": short(f"tasks.{rest}")}, f"tasks.{meant}" if meant else ""
            )
        if (never := self._never_done(f"tasks.{rest}", key)) is not None:
            return never
        if key in outline.blocks:
            wrong = self._block(key, inner) if inner else None
            return wrong or self._not_always_done(key)
        if key in outline.approvals:
            wrong = of_approval(key, inner) if inner else None
            return wrong or self._not_always_done(key)
        if outline.task_of[key].is_subticket:
            name, _dot, rest = inner.partition(".")
            wrong = unless_known(
                short(f"tasks.{key}.{inner}"),
                f"tasks.{key}",
                name,
                names_read(outline.task_of[key]),
            )
            return wrong or self._not_always_done(key)
        fields = self.scopes.outputs[key]
        values = values_set(outline.task_of[key])
        name = inner.partition(".")[0]
        if name and values is not None and name not in values:
            message = _("The rule reads “%(name)s”, but that step sets no such value.")
            meant = nearest(name, values)
            text = message % {"name": short(f"tasks.{rest}")}
            return Reading(text, f"tasks.{key}.{meant}" if meant else "")
        if inner and fields is not None:
            wrong = field_reading(f"tasks.{key}", inner, fields)
            if wrong is not None:
                return wrong
        return self._not_always_done(key)

    def _earlier(self, variable: str, rest: str) -> Reading | None:
        """What came of earlier visits of a task: a list."""
        key, _dot, inner = rest.partition(".")
        wrong = unless_known(variable, "earlier", key, list(self.scopes.outline.task_of))
        if wrong is not None or not inner:
            return wrong
        message = _(
            "The rule reads “%(name)s” as one value, but each earlier visit has its own. Write "
            "sum(…), any(…), all(…) or count(…) around it."
        )
        return Reading(message % {"name": short(variable)})

    def _failures(self, variable: str, rest: str) -> Reading | None:
        key, _dot, inner = rest.partition(".")
        tasks = self.scopes.outline.task_of
        calls = [each for each, task in tasks.items() if task.can_fail]
        wrong = unless_known(variable, "failures", key, calls)
        if wrong is None and inner:
            wrong = of_failure(variable, inner)
        if wrong is not None or not key:
            return wrong
        message = _(
            "The rule reads “%(name)s”, but the call may not have failed. Give a default, or ask "
            "with “missing” first."
        )
        return Reading(message % {"name": short(variable)}, severity=Severity.WARNING)

    def _done(self, rest: str) -> Reading | None:
        """Who did a task, and when."""
        key, _dot, inner = rest.partition(".")
        name, _dot, part = inner.partition(".")
        variable = f"done.{rest}"
        if not key:
            return None
        if key not in self.scopes.outline.task_of:
            return unless_known(variable, "done", key, list(self.scopes.outline.task_of))
        if (never := self._never_done(variable, key)) is not None:
            return never
        wrong = unless_known(variable, f"done.{key}", name, DONE)
        if wrong is None and name == "by":
            wrong = unless_known(variable, f"done.{key}.by", part, DONE_BY)
        elif wrong is None:
            wrong = no_such_property(variable, part)
        return wrong or self._not_always_done(key, root="done")

    def _never_done(self, variable: str, key: str) -> Reading | None:
        outline = self.scopes.outline
        if not outline.is_connected or key in self.done:
            return None
        message = _("The rule reads “%(name)s”, but this task is never done before that.")
        own, around = outline.item_blocks(key), outline.item_blocks(self.at)
        outside = [each for each in own if each not in around]
        if outside and around[: len(own)] != own:
            message = _(
                "The rule reads “%(name)s”, but this task is done for each entry of a list. "
                "Read “%(items)s”."
            )
        items = f"tasks.{outside[0]}.items" if outside else ""
        return Reading(message % {"name": short(variable), "items": items})

    def _not_always_done(self, key: str, *, root: str = "tasks") -> Reading | None:
        outline = self.scopes.outline
        if not outline.is_connected or (key == self.at and self.certain_itself):
            return None
        reached = self.scopes.reached_without(key)
        if key != self.at and self.at not in reached:
            return None
        is_after_block = self.certain_itself and key in outline.inside(self.at)
        if is_after_block and not outline.may_be_over(self.at, reached):
            return None
        message = _(
            "The rule reads “%(name)s”, but one can come here without that task. Give a "
            "default, or ask with “missing” first."
        )
        return Reading(message % {"name": f"{root}.{key}"}, severity=Severity.WARNING)
