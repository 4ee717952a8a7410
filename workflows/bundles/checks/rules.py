"""Whether conditions and transforms compile, and read only what is there when they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from workflows.bundles.checks.kept_of_subtickets import kept_problems
from workflows.bundles.checks.messages import sends_message
from workflows.bundles.checks.rule_scopes import NAME, Scope, Scopes
from workflows.bundles.checks.unanswered import form_warnings
from workflows.bundles.document.problems import Problem
from workflows.bundles.outline.blocks import list_field
from workflows.bundles.outline.entries import Entry, mails_of
from workflows.bundles.outline.outline import Outline
from workflows.engine.failure import FAILURE_PARTS
from workflows.engine.problems import Path, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.compiling import check_condition, is_empty
from workflows.engine.rules.reads import columns_of_template, columns_read, variables_read
from workflows.engine.rules.transforms import check_transform, transform_variables
from workflows.engine.steps.messages import MessageSpec, Recipient
from workflows.engine.steps.subtickets import READ_OF_ENDED
from workflows.fields.field import LIST

RESPONSE = ("status", "body")
RESPONSE_LATER = ("body",)  # what comes by callback has no status
CALLBACK = ("url",)


def rule_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about conditions and transforms."""
    scopes = Scopes(outline)
    for transition in outline.transitions:
        scope = scopes.on_way(transition)
        if transition.is_on_failure:
            scope = replace(scope, failure=FAILURE_PARTS)
        rule = transition.value.get("condition")
        path = (*transition.path, "condition")
        if found := check_condition(rule):
            yield from (Problem(path, message, rule) for message in found)
        elif not is_empty(rule):
            yield from scope.problems(path, rule, variables_read(rule), columns_read(rule))
        for mail in mails_of(transition):
            yield from _problems_of_message(mail.value, mail.path, scope)
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


def _when_problems(key: str, block: Entry, scopes: Scopes) -> Iterator[Problem]:
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


def _list_problems(task: Entry, scopes: Scopes) -> Iterator[Problem]:
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


def _problems_at_once(task: Entry, scopes: Scopes) -> Iterator[Problem]:
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


def _problems_of_message(said: Json, path: Path, scope: Scope) -> Iterator[Problem]:
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
    return all(NAME.fullmatch(name) for name in values)


def _people_problems(key: str, task: Entry, scopes: Scopes) -> Iterator[Problem]:
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


def _transform_problems(task: Entry, scopes: Scopes) -> Iterator[Problem]:
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
