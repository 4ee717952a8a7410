"""Names that must be unique, names that must exist, and parts that do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.actions.destinations import check_url
from workflows.actions.errors import ActionError
from workflows.bundles.checks.public_starts import public_start_problems
from workflows.bundles.document.canonical import END, START
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.forms import check_form, form_fields
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.roles import (
    role_of_approvers,
    roles_in_questions,
    roles_in_reminders,
)
from workflows.engine.problems import Path, did_you_mean, nearest, short, steps_into
from workflows.engine.problems import Problem as EngineProblem
from workflows.engine.schemas.schema_check import check_schema
from workflows.fields.answers.presets import check_presets
from workflows.fields.facts import Facts
from workflows.fields.field import Field
from workflows.fields.shared.listed import choice_of
from workflows.fields.specs.company_roles import roles_in
from workflows.icons import ICONS
from workflows.priorities import Priority
from workflows.task_types import SCREENS


def reference_problems(outline: Outline, facts: Facts) -> Iterator[Problem]:
    """Everything about names and parts; the transitions between the tasks are `flow_problems`."""
    yield from _duplicates(outline.tasks, "key")
    yield from _duplicates(outline.ticket_types, "key")
    yield from _duplicates(outline.company_roles, "name")
    message = _("The title looks like that of another task: people cannot tell them apart.")
    yield from _look_alike_titles(outline.tasks, message)
    message = _("The title looks like that of another ticket type: people cannot tell them apart.")
    yield from _look_alike_titles(outline.ticket_types, message)
    yield from _fields_problems(outline.workflow, facts)
    yield from _seen_by_problems(outline.workflow)
    for task in outline.tasks:
        yield from _listed_problems(task)
        yield from _fields_problems(task, facts)
        yield from _task_problems(task)
    yield from _role_problems(outline)
    for transition in outline.transitions:
        yield from _end_problems(transition, outline)
    for ticket_type in outline.ticket_types:
        yield from _preset_problems(ticket_type, outline, facts)
        yield from _priority_problems(ticket_type, outline)
        yield from _icon_problems(ticket_type)
        yield from public_start_problems(ticket_type, outline)
    if not outline.ticket_types:
        message = _("No ticket type starts this workflow. Add one, so that people can submit it.")
        yield Problem(("ticket_types",), message, severity=Severity.WARNING)


def _duplicates(entries: Sequence[Entry], name: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for entry in entries:
        value = entry.text(name)
        if value and name_key(value) in seen:
            message = _("“%(value)s” is used twice. Give each its own %(name)s.")
            yield Problem(
                (*entry.path, name), message % {"value": short(value), "name": name}, value
            )
        seen.add(name_key(value))


def _look_alike_titles(entries: Sequence[Entry], message: str) -> Iterator[Problem]:
    """Where the same stands twice with its key, its key has been reported."""
    seen: dict[str, str] = {}
    for entry in entries:
        title, key = entry.text("title"), entry.text("key")
        if title and seen.setdefault(name_key(title), key) != key:
            yield Problem((*entry.path, "title"), message, title, severity=Severity.WARNING)


def _fields_problems(entry: Entry, facts: Facts) -> Iterator[Problem]:
    if "fields" not in entry.value:
        return
    path, specs = (*entry.path, "fields"), entry.value["fields"]
    found = check_form(entry)
    yield from _taken_over(found, path)
    for place, role in roles_in(specs, path):
        if not isinstance(role, str):
            yield Problem(place, _("Give the company role as text: by its name."), role)
    if not found:
        yield from _default_problems(form_fields(entry), path, facts)


def _seen_by_problems(workflow: Entry) -> Iterator[Problem]:
    specs = workflow.value.get("fields")
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if isinstance(spec, dict) and spec.get("seen_by") not in (None, ""):
            message = _(
                "Whoever submits a ticket sees all that is submitted. “seen_by” is for the "
                "questions of tasks: remove it here."
            )
            yield Problem((*workflow.path, "fields", index, "seen_by"), message, spec["seen_by"])


def _listed_problems(task: Entry) -> Iterator[Problem]:
    specs = task.value.get("fields")
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if isinstance(spec, dict) and spec.get("listed") is True:
            message = _(
                "Lists show what was submitted. “listed” is for the questions of the ticket: "
                "remove it here."
            )
            yield Problem((*task.path, "fields", index, "listed"), message, spec["listed"])


def _priority_problems(ticket_type: Entry, outline: Outline) -> Iterator[Problem]:
    """`priority_from` must name a choice of the ticket's form, all of whose values are ours."""
    name, path = ticket_type.text("priority_from"), (*ticket_type.path, "priority_from")
    if not name:
        return
    listed = outline.workflow.value.get("fields")
    specs = {
        str(each.get("name")): each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    }
    spec = specs.get(name)
    if spec is None:
        meant = nearest(name, specs)
        message = _("The ticket's form has no question “%(name)s”.") % {"name": short(name)}
        yield Problem(path, message + did_you_mean(meant), name, nearest=meant)
        return
    choices = spec.get("choices")
    values = [choice_of(each) for each in (choices if isinstance(choices, list) else [])]
    known = {pair[0] for pair in values if pair is not None}
    if spec.get("type") != "choice" or not known or known - set(Priority):
        message = _(
            "The priority can come from a question of type choice alone, whose values are among "
            "%(values)s. Their labels may be any."
        )
        yield Problem(path, message % {"values": ", ".join(Priority)}, name)


def _icon_problems(ticket_type: Entry) -> Iterator[Problem]:
    icon = ticket_type.text("icon")
    if icon and icon not in ICONS:
        meant = nearest(icon, ICONS)
        message = _(
            "There is no icon “%(name)s”. Choose one of those that the documentation lists."
        ) % {"name": short(icon)}
        yield Problem(
            (*ticket_type.path, "icon"), message + did_you_mean(meant), icon, nearest=meant
        )


def _default_problems(fields: Sequence[Field], path: Path, facts: Facts) -> Iterator[Problem]:
    """Defaults that name what the company does not have."""
    for index, field in enumerate(fields):
        yield from _default_problem(field, (*path, index), facts)
        for number, column in enumerate(field.fields):
            yield from _default_problem(column, (*path, index, "fields", number), facts)


def _default_problem(field: Field, path: Path, facts: Facts) -> Iterator[Problem]:
    if field.default is None:
        return
    taken_in = field.type.taken_in(field, field.default, facts)
    if message := field.type.refusal(field, taken_in, facts):
        yield Problem((*path, "default"), message, field.default)


def _taken_over(found: Sequence[EngineProblem], path: tuple[str | int, ...]) -> Iterator[Problem]:
    for each in found:
        yield Problem((*path, *each.path), each.message, each.found, nearest=each.nearest)


def _task_problems(task: Entry) -> Iterator[Problem]:
    for name in ("input_schema", "output_schema"):
        if task.value.get(name) is not None and isinstance(task.value[name], dict):
            yield from _taken_over(check_schema(task.value[name]), (*task.path, name))
    if task.task_type is None:
        return
    needed, screen = task.task_type.rules.needs, SCREENS[task.task_type]
    is_ticked_off = task.is_form and task.text("branch")
    if not task.value.get(needed) and not task.value.get("edits") and not is_ticked_off:
        yield Problem((*task.path, needed), str(screen.missing), expected=str(screen.expected))
    elif task.is_call:
        yield from _address_problems(task)
    unused = task.task_type.unused
    yield from _unused(task, (*unused, "due_in") if task.task_type.is_at_once else unused)


def _address_problems(task: Entry) -> Iterator[Problem]:
    url = task.text("action_url")
    try:
        check_url(url)
    except ActionError as error:
        yield Problem((*task.path, "action_url"), str(error), url)


def _unused(task: Entry, names: Sequence[str]) -> Iterator[Problem]:
    for name in names:
        if task.value.get(name):
            message = _("A task of this type does not use “%(name)s”. Remove it.") % {"name": name}
            yield Problem((*task.path, name), message, severity=Severity.WARNING)


def _role_problems(outline: Outline) -> Iterator[Problem]:
    known = [each.text("name") for each in outline.company_roles if each.text("name")]
    used: set[str] = set()
    for path, name in _roles_named(outline):
        used.add(name)
        if name not in known:
            meant = nearest(name, known)
            message = _("“%(role)s” is not among the company roles of this bundle.")
            advice = did_you_mean(meant) or " " + _("Add it to “company_roles”.")
            yield Problem(
                path, message % {"role": short(name)} + advice, name, ", ".join(known), meant
            )
    for role in outline.company_roles:
        if role.text("name") and role.text("name") not in used:
            message = _("No task, no ticket type and no question names this company role.")
            yield Problem(role.path, message, role.text("name"), severity=Severity.WARNING)


def _roles_named(outline: Outline) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for task in outline.tasks:
        if name := task.text("candidate_role"):
            yield (*task.path, "candidate_role"), name
        if name := role_of_approvers(task):
            yield (*task.path, "approvers", "role"), name
    for ticket_type in outline.ticket_types:
        roles = ticket_type.value.get("roles_with_access")
        seen: set[str] = set()
        for index, each in enumerate(roles if isinstance(roles, list) else []):
            if isinstance(each, str) and each and each not in seen:
                seen.add(each)
                yield (*ticket_type.path, "roles_with_access", index), each
    yield from roles_in_questions(outline)
    yield from roles_in_reminders(outline)


def _end_problems(transition: Entry, outline: Outline) -> Iterator[Problem]:
    tasks = list(outline.task_of)
    for name, own, other in (("from", START, END), ("to", END, START)):
        key = transition.text(name)
        known = [own, *tasks]
        if not key or key in known:
            continue
        path = (*transition.path, name)
        if key == other:
            text = _("Nothing leaves the end.") if key == END else _("Nothing leads to the start.")
            yield Problem(path, text + " " + _("Name a task."), key, ", ".join(known))
            continue
        meant = nearest(key, known)
        message = _("There is no task “%(key)s”.") % {"key": short(key)}
        advice = did_you_mean(meant) or " " + _("Add it, or name one that there is.")
        yield Problem(path, message + advice, key, ", ".join(known), meant)


def _preset_problems(ticket_type: Entry, outline: Outline, facts: Facts) -> Iterator[Problem]:
    presets = ticket_type.value.get("presets")
    if not presets or outline.fields is None:
        return
    path = (*ticket_type.path, "presets")
    for each in check_presets(outline.workflow.value.get("fields", []), presets, facts=facts):
        name = each.field.split(".", 1)[0]
        steps, found = steps_into(presets, each.field) if name else ((), presets)
        meant = nearest(name, outline.fields) if name not in outline.fields else ""
        yield Problem((*path, *steps), each.message, found, nearest=meant)
