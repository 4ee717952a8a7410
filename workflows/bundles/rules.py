"""Whether conditions and transforms compile, and read only what is there when they run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.translation import gettext as _

from workflows.bundles.approvals import PARTS as OF_APPROVAL
from workflows.bundles.blocks import (
    ITEM,
    ITEM_NUMBER,
    OF_BRANCH,
    PARTS,
    PARTS_WITH_ITEMS,
    item_field,
    list_field,
)
from workflows.bundles.canonical import START
from workflows.bundles.kept_of_subtickets import KeptOfCancelled, kept_problems
from workflows.bundles.messages import sends_message
from workflows.bundles.outline import Entry, Outline, mails_of
from workflows.bundles.problems import Problem, Severity
from workflows.bundles.step_outputs import output_fields, values_set
from workflows.bundles.subtickets import names_read
from workflows.bundles.unanswered import (
    form_warnings,
    has_fallback,
    is_certain,
    names_with_fallback,
)
from workflows.engine.clock import NAMES as NAMES_OF_TIME
from workflows.engine.conditions import (
    check_condition,
    columns_of_template,
    columns_read,
    is_empty,
    variables_read,
)
from workflows.engine.failure import FAILURE_PARTS
from workflows.engine.messages import MessageSpec, Recipient
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.subtickets import READ_OF_ENDED
from workflows.engine.subtickets import ROOT as SUBTICKET
from workflows.engine.transforms import check_transform, transform_variables
from workflows.fields.field import LIST, Field

SUBMITTER = ("email", "first_name", "last_name")
COMPANY = ("name",)
RESPONSE = ("status", "body")
RESPONSE_LATER = ("body",)  # what comes by callback has no status
CALLBACK = ("url",)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
DONE = ("by", "at")
DONE_BY = ("email", "name")


def rule_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about conditions and transforms."""
    scopes = _Scopes(outline)
    for transition in outline.transitions:
        rule = transition.value.get("condition")
        path = (*transition.path, "condition")
        if found := check_condition(rule):
            yield from (Problem(path, message, rule) for message in found)
        elif not is_empty(rule):
            scope = scopes.on_way(transition)
            if transition.is_on_failure:
                scope = replace(scope, failure=FAILURE_PARTS)
            yield from scope.problems(path, rule, variables_read(rule), columns_read(rule))
        for mail in mails_of(transition):
            yield from _problems_of_message(mail.value, mail.path, scopes.on_way(transition))
    for task in outline.tasks:
        yield from _transform_problems(task, scopes)
        yield from _problems_at_once(task, scopes)
        yield from _list_problems(task, scopes)
    for key, block in outline.blocks.items():
        yield from _when_problems(key, block, scopes)
    for form in (outline.workflow, *outline.tasks):
        yield from form_warnings(form)
    for key, task in outline.approvals.items():
        yield from _people_problems(key, task, scopes)
    yield from kept_problems(outline)


def _when_problems(key: str, block: Entry, scopes: _Scopes) -> Iterator[Problem]:
    """What decides which branches of a block begin."""
    outline, scope = scopes.outline, replace(scopes.before(key), knows_visits=True)
    for branch in outline.branches_of(key):
        rule, path = branch.entry.value.get("when"), (*branch.entry.path, "when")
        if is_empty(rule):
            continue
        if outline.has_items(key):
            message = _(
                "With “for_each” the branch runs for each entry of the list. Remove “when”, and "
                "leave out of the list what is not wanted."
            )
            yield Problem(path, message, rule)
        elif found := check_condition(rule):
            yield from (Problem(path, message, rule) for message in found)
        else:
            yield from scope.problems(path, rule, variables_read(rule), columns_read(rule))


def _list_problems(task: Entry, scopes: _Scopes) -> Iterator[Problem]:
    """Whether a list stands where a block looks for one."""
    outline, key = scopes.outline, task.text("key")
    rule, path = task.value.get("for_each"), (*task.path, "for_each")
    if is_empty(rule):
        return
    scope = replace(scopes.before(key), knows_visits=True)
    if found := check_transform(rule):
        yield from (Problem(path, message, rule) for message in found)
        return
    columns = columns_of_template(rule)
    for each in scope.problems(path, rule, transform_variables(rule), columns):
        if each.is_error:  # no answer is no entries
            yield each
    field = list_field(outline, key)
    if field is not None and field.type.kind != LIST:
        message = _(
            "“%(field)s” is %(kind)s, and not a list. Name a question with several choices or "
            "with records."
        )
        words = {"field": short(field.label or field.name), "kind": _(field.type.kind)}
        yield Problem(path, message % words, rule, expected=_(LIST))
    elif not isinstance(rule, dict | list):
        message = _("Name the list, such as ticket.lines.")
        yield Problem(path, message, rule, expected=_(LIST))


def _problems_at_once(task: Entry, scopes: _Scopes) -> Iterator[Problem]:
    """What the engine's own steps read."""
    scope = replace(scopes.before(task.text("key")), knows_visits=True)
    values, path = task.value.get("values"), (*task.path, "values")
    if not is_empty(values):
        if found := check_transform(values):
            yield from (Problem(path, message, values) for message in found)
        elif not isinstance(values, dict) or not _sets_by_name(values):
            message = _("Give each value a name and a formula: {“total”: …}.")
            yield Problem(path, message, values, expected=_("names with a formula each"))
        else:
            for name, rule in values.items():
                read, columns = transform_variables(rule), columns_of_template(rule)
                yield from scope.problems((*path, name), rule, read, columns)
    if sends_message(task):
        yield from _problems_of_message(task.value.get("message"), (*task.path, "message"), scope)
    table = task.value.get("table")
    if not isinstance(table, dict) or not task.is_decision:
        return
    for index, column in enumerate(objects_in(table.get("inputs"))):
        rule = column.get("value")
        if not is_empty(rule) and not check_condition(rule):
            path = (*task.path, "table", "inputs", index, "value")
            yield from scope.problems(path, rule, variables_read(rule), columns_read(rule))


def _problems_of_message(said: Json, path: Path, scope: _Scope) -> Iterator[Problem]:
    """What a mail reads: no answer is an empty text, but no address is an error."""
    if not isinstance(said, dict):
        return
    spec = MessageSpec.of(said)
    for name, read in (("subject", spec.subject_read), ("text", spec.text_read)):
        for each in scope.problems((*path, name), None, read.names):
            if each.is_error:
                yield each
    if spec.who is Recipient.ANSWER and spec.named:
        found = scope.problems((*path, "answer"), None, [spec.named])
        yield from (each for each in found if not each.is_error)  # the others are told elsewhere


def _sets_by_name(values: JsonObject) -> bool:
    """Whether it is an object of values: {"+": [1, 2]} is one formula."""
    return all(_NAME.fullmatch(name) for name in values)


def _people_problems(key: str, task: Entry, scopes: _Scopes) -> Iterator[Problem]:
    """What an approval reads when it begins: who approves."""
    approvers = task.value.get("approvers")
    rule = approvers.get("people") if isinstance(approvers, dict) else None
    if not isinstance(rule, dict) or is_empty(rule):
        return
    path = (*task.path, "approvers", "people")
    if found := check_transform(rule):
        yield from (Problem(path, message, rule) for message in found)
        return
    scope, columns = scopes.before(key), columns_of_template(rule)
    yield from scope.problems(path, rule, transform_variables(rule), columns)


def _transform_problems(task: Entry, scopes: _Scopes) -> Iterator[Problem]:
    for name in ("input_transform", "output_transform"):
        template = task.value.get(name)
        path = (*task.path, name)
        if found := check_transform(template):
            yield from (Problem(path, message, template) for message in found)
        elif not is_empty(template):
            if not isinstance(template, dict):
                message = _('A transform makes an object. Write {"name": value}.')
                yield Problem(path, message, template, expected=_("an object"))
            later = task.is_answered_later
            if name == "output_transform" and task.is_subticket:
                scope = replace(scopes.before(task.text("key")), subticket=READ_OF_ENDED)
            elif name == "input_transform":
                scope = scopes.before(task.text("key"), callback=CALLBACK if later else ())
            else:
                scope = scopes.before(
                    task.text("key"), response=RESPONSE_LATER if later else RESPONSE
                )
            columns = columns_of_template(template)
            yield from scope.problems(path, template, transform_variables(template), columns)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is wrong with reading a variable."""

    message: str
    nearest: str = ""
    severity: Severity = Severity.ERROR


class _Scopes:
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

    def on_way(self, transition: Entry) -> _Scope:
        """When a transition is chosen, and taken."""
        return _Scope(
            self,
            self.outline.done_on_way(transition),
            transition.text("from"),
            certain_itself=transition.is_usual,
            knows_visits=True,
        )

    def before(
        self, key: str, *, response: tuple[str, ...] = (), callback: tuple[str, ...] = ()
    ) -> _Scope:
        """When a task's call is made, or its answer read; with the names beneath each."""
        done = self.outline.before.get(key, set())
        return _Scope(self, done, key, response=response, callback=callback)


@dataclass(frozen=True, slots=True)
class _Scope:
    scopes: _Scopes
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

    def _of_cancelled(self, variable: str, rule: Json) -> _Reading | None:
        if not self.scopes.kept_of_cancelled.is_read(variable, rule, at=self.at):
            return None
        message = _(
            "The rule reads “%(name)s”, which is not there if the other ticket was withdrawn or "
            "cancelled. Ask for the outcome first, or give a default."
        )
        return _Reading(message % {"name": short(variable)}, severity=Severity.WARNING)

    def _wrong_reading(self, variable: str) -> _Reading | None:
        root, _dot, rest = variable.partition(".")
        blocks = self.scopes.outline.item_blocks(self.at)
        readers: dict[str, Callable[[str], _Reading | None]] = {
            "ticket": self._ticket,
            "tasks": self._tasks,
            "submitter": lambda name: _unless_known(variable, "submitter", name, SUBMITTER),
            "company": lambda name: _unless_known(variable, "company", name, COMPANY),
            "number": lambda name: _no_such_property(variable, name),
            **{each: (lambda name: _no_such_property(variable, name)) for each in NAMES_OF_TIME},
        }
        if self.knows_visits:
            tasks = list(self.scopes.outline.task_of)
            readers["visits"] = lambda key: _unless_known(variable, "visits", key, tasks)
            readers["earlier"] = lambda rest: self._earlier(variable, rest)
            readers["done"] = self._done
            readers["failures"] = lambda rest: self._failures(variable, rest)
        if blocks:
            readers[ITEM] = lambda name: self._item(blocks[-1], name)
            readers[ITEM_NUMBER] = lambda name: _no_such_property(variable, name)
        if self.response:
            readers["response"] = lambda name: _unless_known(
                variable, "response", name.partition(".")[0], self.response
            )
        if self.callback:
            readers["callback"] = lambda name: _unless_known(
                variable, "callback", name, self.callback
            )
        if self.subticket:
            readers[SUBTICKET] = lambda name: _unless_known(
                variable, SUBTICKET, name.partition(".")[0], self.subticket
            )
        if self.failure:
            readers["failure"] = lambda name: _of_failure(variable, name)
        if root in readers:
            return readers[root](rest)
        if root in (ITEM, ITEM_NUMBER) and root not in (self.scopes.outline.fields or {}):
            message = _(
                "The rule reads “%(name)s”. Only in a branch that runs for each entry of a list is "
                "there an entry."
            )
            return _Reading(message % {"name": short(variable)})
        if root == "failure" and "failure" not in (self.scopes.outline.fields or {}):
            message = _(
                "The rule reads “%(name)s”. Only a transition that is taken when a call fails can "
                "read it."
            )
            return _Reading(message % {"name": short(variable)})
        if not variable:
            return None
        return self._unknown(variable, readers)

    def _wrong_column(self, rows: str, column: str) -> _Reading | None:
        fields = self._fields_of_rows(rows)
        if not fields:
            return None
        name = column.partition(".")[0]
        if name in fields and not is_certain(fields[name], fields):
            message = _(
                "The rule reads “%(name)s” in the rows of “%(rows)s”, where it may have no answer. "
                "Give a default, or make the question required."
            )
            return _Reading(message % {"name": name, "rows": rows}, severity=Severity.WARNING)
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

    def _unknown(self, variable: str, readers: Collection[str]) -> _Reading:
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
        return _Reading(text, meant)

    def _item(self, block: str, rest: str) -> _Reading | None:
        """What is read of the entry of a list; anything, where nobody knows what it is."""
        field = item_field(self.scopes.outline, block)
        if field is None or not rest:
            return None
        if not field.fields:
            return _no_such_property(f"{ITEM}.{rest}", rest)
        return _field_reading(ITEM, rest, {each.name: each for each in field.fields})

    def _block(self, key: str, inner: str) -> _Reading | None:
        """What is read of a block that has ended."""
        outline, variable = self.scopes.outline, short(f"tasks.{key}.{inner}")
        name, _dot, rest = inner.partition(".")
        if outline.has_items(key):
            if wrong := _unless_known(variable, f"tasks.{key}", name, PARTS_WITH_ITEMS):
                return wrong
            if name == "items" and rest and not rest.partition(".")[0].isdecimal():
                message = _(
                    "The rule reads “%(name)s” as one value, but each entry has its own. Write "
                    "sum(…), any(…), all(…) or count(…) around it."
                )
                return _Reading(message % {"name": variable})
            return _no_such_property(variable, rest) if name == "ended" else None
        if wrong := _unless_known(variable, f"tasks.{key}", name, PARTS):
            return wrong
        if name == "ended" or not rest:
            return _no_such_property(variable, rest)
        branch, _dot, part = rest.partition(".")
        known = [each.entry.text("key") for each in outline.branches_of(key)]
        wrong = _unless_known(variable, f"tasks.{key}.branches", branch, known)
        if wrong is None and part:
            name = f"tasks.{key}.branches.{branch}"
            wrong = _unless_known(variable, name, part.partition(".")[0], OF_BRANCH)
        if wrong is not None or part in ("", "ended") or self._has_ended(key, branch):
            return wrong
        message = _(
            "The rule reads “%(name)s”, which a branch that has not ended does not have. Give a "
            "default, or ask with “missing” first."
        )
        return _Reading(message % {"name": variable}, severity=Severity.WARNING)

    def _has_ended(self, key: str, branch: str) -> bool:
        """Whether a branch has ended for certain where its block has."""
        outline = self.scopes.outline
        wanted = outline.blocks[key].value.get("ends_when") or "all"
        beside = (each for each in outline.branches_of(key) if each.entry.text("key") != branch)
        is_last = wanted == "all" and not any(each.ends_block for each in beside)
        return is_last and outline.branches[f"{key}.{branch}"].always_runs

    def _ticket(self, rest: str) -> _Reading | None:
        fields = self.scopes.outline.fields
        if not rest or fields is None:
            return None
        return _field_reading("ticket", rest, fields)

    def _tasks(self, rest: str) -> _Reading | None:
        outline = self.scopes.outline
        key, _dot, inner = rest.partition(".")
        if not key:
            return None
        if key not in outline.task_of:
            message = _("The rule reads “%(name)s”, but there is no task of this key.")
            meant = nearest(key, outline.task_of)
            return _Reading(
                message % {"name": short(f"tasks.{rest}")}, f"tasks.{meant}" if meant else ""
            )
        if (never := self._never_done(f"tasks.{rest}", key)) is not None:
            return never
        if key in outline.blocks:
            wrong = self._block(key, inner) if inner else None
            return wrong or self._not_always_done(key)
        if key in outline.approvals:
            wrong = _of_approval(key, inner) if inner else None
            return wrong or self._not_always_done(key)
        if outline.task_of[key].is_subticket:
            name, _dot, rest = inner.partition(".")
            wrong = _unless_known(
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
            return _Reading(text, f"tasks.{key}.{meant}" if meant else "")
        if inner and fields is not None:
            wrong = _field_reading(f"tasks.{key}", inner, fields)
            if wrong is not None:
                return wrong
        return self._not_always_done(key)

    def _earlier(self, variable: str, rest: str) -> _Reading | None:
        """What came of earlier visits of a task: a list."""
        key, _dot, inner = rest.partition(".")
        wrong = _unless_known(variable, "earlier", key, list(self.scopes.outline.task_of))
        if wrong is not None or not inner:
            return wrong
        message = _(
            "The rule reads “%(name)s” as one value, but each earlier visit has its own. Write "
            "sum(…), any(…), all(…) or count(…) around it."
        )
        return _Reading(message % {"name": short(variable)})

    def _failures(self, variable: str, rest: str) -> _Reading | None:
        key, _dot, inner = rest.partition(".")
        tasks = self.scopes.outline.task_of
        calls = [each for each, task in tasks.items() if task.can_fail]
        wrong = _unless_known(variable, "failures", key, calls)
        if wrong is None and inner:
            wrong = _of_failure(variable, inner)
        if wrong is not None or not key:
            return wrong
        message = _(
            "The rule reads “%(name)s”, but the call may not have failed. Give a default, or ask "
            "with “missing” first."
        )
        return _Reading(message % {"name": short(variable)}, severity=Severity.WARNING)

    def _done(self, rest: str) -> _Reading | None:
        """Who did a task, and when."""
        key, _dot, inner = rest.partition(".")
        name, _dot, part = inner.partition(".")
        variable = f"done.{rest}"
        if not key:
            return None
        if key not in self.scopes.outline.task_of:
            return _unless_known(variable, "done", key, list(self.scopes.outline.task_of))
        if (never := self._never_done(variable, key)) is not None:
            return never
        wrong = _unless_known(variable, f"done.{key}", name, DONE)
        if wrong is None and name == "by":
            wrong = _unless_known(variable, f"done.{key}.by", part, DONE_BY)
        elif wrong is None:
            wrong = _no_such_property(variable, part)
        return wrong or self._not_always_done(key, root="done")

    def _never_done(self, variable: str, key: str) -> _Reading | None:
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
        return _Reading(message % {"name": short(variable), "items": items})

    def _not_always_done(self, key: str, *, root: str = "tasks") -> _Reading | None:
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
        return _Reading(message % {"name": f"{root}.{key}"}, severity=Severity.WARNING)


def _of_approval(key: str, inner: str) -> _Reading | None:
    """What is read of an approval that is decided."""
    name, _dot, rest = inner.partition(".")
    variable = short(f"tasks.{key}.{inner}")
    wrong = _unless_known(variable, f"tasks.{key}", name, OF_APPROVAL)
    return wrong if wrong is not None or name == "votes" else _no_such_property(variable, rest)


def _of_failure(variable: str, rest: str) -> _Reading | None:
    """What the failure of a call says; anything may stand beneath the answer, and nothing."""
    name, _dot, inner = rest.partition(".")
    wrong = _unless_known(variable, "failure", name, FAILURE_PARTS)
    if wrong is not None or not inner:
        return wrong
    if name != "answer":
        return _no_such_property(variable, inner)
    message = _(
        "The rule reads “%(name)s”, which the answer of a call that failed may not have. Give a "
        "default, or ask with “missing” first."
    )
    return _Reading(message % {"name": short(variable)}, severity=Severity.WARNING)


def _unless_known(variable: str, root: str, name: str, known: Collection[str]) -> _Reading | None:
    if not name or name in known:
        return None
    message = _("The rule reads “%(name)s”. Of “%(root)s” there are only these: %(known)s.")
    meant = nearest(name, known)
    text = message % {"name": short(variable), "root": root, "known": ", ".join(known)}
    return _Reading(text, f"{root}.{meant}" if meant else "")


def _no_such_property(variable: str, rest: str) -> _Reading | None:
    if not rest:
        return None
    message = _("The rule reads “%(name)s”, but nothing stands beneath that value.")
    return _Reading(message % {"name": short(variable)})


def _field_reading(prefix: str, rest: str, fields: dict[str, Field]) -> _Reading | None:
    """Reading `rest` of these fields; optional ones may have no answer."""
    name, _dot, inner = rest.partition(".")
    if name not in fields:
        message = _("The rule reads “%(name)s”, but there is no such question.")
        meant = nearest(name, fields)
        return _Reading(
            message % {"name": short(f"{prefix}.{rest}")}, f"{prefix}.{meant}" if meant else ""
        )
    field = fields[name]
    if inner and field.type.parts:
        return _unless_known(f"{prefix}.{rest}", f"{prefix}.{name}", inner, list(field.type.parts))
    if inner and field.type.kind != LIST:
        return _no_such_property(f"{prefix}.{rest}", inner)
    if inner and field.fields and not inner.partition(".")[0].isdecimal():
        message = _(
            "The rule reads “%(name)s” as one value, but each row has its own. Write sum(…), "
            "any(…), all(…) or count(…) around it."
        )
        return _Reading(message % {"name": f"{prefix}.{rest}"})
    if not is_certain(field, fields):
        message = _(
            "The rule reads “%(name)s”, which may have no answer. Give a default, ask with "
            "“missing” first, or make the question required."
        )
        return _Reading(message % {"name": f"{prefix}.{name}"}, severity=Severity.WARNING)
    return None
