"""Task definitions apart from the rest of their workflow: a document of their own.

It is a bundle that has nothing but tasks, with the company roles that they name and the key of
their workflow. Putting it into a whole bundle changes the tasks with the same keys, adds those
with new ones, and leaves everything else as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import FORMAT, FORMAT_VERSION, canonical, key_order
from workflows.bundles.document.problems import Problem
from workflows.bundles.document.structure import too_long_lists
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.roles import (
    roles_in_messages,
    roles_in_questions,
    roles_in_reminders,
)
from workflows.bundles.unfinished import storage_problems
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.storable import unstorable

PARTS: Final = ("format", "format_version", "workflow", "tasks", "company_roles")
_LISTS: Final = ("tasks", "company_roles")
# What is taken over as it is.
_WHOLE: Final[tuple[Path, ...]] = (("format",), ("format_version",))
_MOST_TOLD: Final = 20


def tasks_of(document: JsonObject, *, keys: Collection[str] | None = None) -> JsonObject:
    """The task definitions of a bundle (or those with these keys) as a document of their own."""
    outline = Outline(canonical(document))
    tasks = [each for each in outline.tasks if keys is None or each.text("key") in keys]
    made: JsonObject = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "workflow": {"key": outline.workflow.text("key")},
        "tasks": [each.value for each in tasks],
    }
    named = {name_key(role) for role in _roles_named_in(made)}
    roles = [e.value for e in outline.company_roles if name_key(e.text("name")) in named]
    return canonical({**made, "company_roles": list[Json](roles)})


def task_set_problems(document: object, *, key: str) -> list[Problem]:
    """Why these cannot be put into the workflow with this key; survives any value."""
    broken = [Problem(path, text) for path, text in islice(unstorable(document), _MOST_TOLD)]
    if broken:
        return broken
    if not isinstance(document, dict):
        return [Problem((), _("Write an object with “tasks”: a list of task definitions."))]
    return list(islice(_problems(document, key), _MOST_TOLD))


def _problems(document: JsonObject, key: str) -> Iterator[Problem]:
    tasks = document.get("tasks")
    if not isinstance(tasks, list) or not tasks:
        yield Problem(("tasks",), _("There are no tasks in this file. Add some."), tasks)
    # Before each of them is looked at, which would take seconds.
    yield from (each for each in too_long_lists(document) if each.path == ("tasks",))
    roles = document.get("company_roles")
    if roles is not None and not isinstance(roles, list):
        yield Problem(("company_roles",), _("Give a list here."), roles, _("a list"))
    yield from _workflow_problems(document.get("workflow"), key)
    for name, value in document.items():
        if name not in PARTS and value:
            yield _other_part(name, value)


def _workflow_problems(workflow: Json, key: str) -> Iterator[Problem]:
    if workflow is None:
        return
    if not isinstance(workflow, dict):
        message = _("Give an object with the “key” of the workflow, or leave it out.")
        yield Problem(("workflow",), message, workflow)
        return
    named = workflow.get("key")
    if named and named != key:
        message = _(
            "These are tasks of the workflow “%(named)s”, and not of “%(key)s”. Choose that "
            "workflow, or leave its key out of the file."
        )
        words = {"named": short(str(named)), "key": key}
        yield Problem(("workflow", "key"), message % words, named, expected=key)
    for name, value in workflow.items():
        if name != "key" and value:
            message = _(
                "Of the workflow, only the key stands in a file of task definitions. Remove this, "
                "or import the file as a workflow."
            )
            yield Problem(("workflow", name), message, value)


def _other_part(name: str, value: Json) -> Problem:
    if name in key_order("bundle"):
        message = _(
            "This file has more than task definitions: “%(name)s”, too. Remove that, or import "
            "the file as a workflow."
        )
        return Problem((name,), message % {"name": name})
    meant = nearest(name, PARTS)
    message = _("There is no “%(name)s” in a file of task definitions.")
    advice = did_you_mean(meant) or " " + _("Remove it.")
    found = message % {"name": short(name)} + advice
    return Problem((name,), found, value, ", ".join(PARTS), meant)


@dataclass(frozen=True, slots=True)
class WithTasks:
    """A whole bundle into which task definitions were put.

    `moved` says where each part of their document stands now: {its path there: its path here}.
    """

    document: JsonObject
    moved: Mapping[Path, Path]


def put_tasks_into(
    whole: JsonObject, tasks: JsonObject, *, known_roles: Collection[str] = ()
) -> WithTasks:
    """Put task definitions that have no `task_set_problems` into a whole, canonical bundle.

    A key that stands twice is put in twice: the check of the whole reports it. `known_roles` are
    the names of all company roles: those that are named here need not be listed.
    """
    moved: dict[Path, Path] = {path: path for path in _WHOLE}
    made: JsonObject = {**whole}
    made |= {str(name): tasks[str(name)] for (name,) in _WHOLE if name in tasks}
    for name, identity in zip(_LISTS, ("key", "name"), strict=True):
        made[name] = _merged(name, identity, _list(whole, name), _list(tasks, name), moved)
    listed = {name_key(each.text("name")) for each in Outline(made).company_roles}
    known = {name_key(each): each for each in known_roles}
    for role in _roles_named_in(made):
        if name_key(role) in known and name_key(role) not in listed:
            listed.add(name_key(role))
            made["company_roles"] = [*_list(made, "company_roles"), {"name": known[name_key(role)]}]
    return WithTasks(made, moved)


def lasting_problems(put: WithTasks) -> list[Problem]:
    """The errors that must be corrected before a draft can be made of it.

    They stand in the tasks themselves, whatever leads to them, or are such that no draft could be
    kept with them. Of the rest, such as a new task that no transition leads to yet, publishing
    takes care.
    """
    without_transitions: JsonObject = {**put.document, "transitions": []}
    own = set(put.moved.values())
    found = [
        each
        for each in check_bundle(without_transitions)
        if each.is_error and (each.path in _WHOLE or (len(each.path) > 2 and each.path[:2] in own))
    ]
    places = {each.path for each in found}
    return found + [e for e in storage_problems(put.document) if e.path not in places]


def _merged(
    name: str, identity: str, old: list[Json], new: list[Json], moved: dict[Path, Path]
) -> list[Json]:
    made = list(old)
    at = {_identity(each, identity): index for index, each in enumerate(old)}
    for index, each in enumerate(new):
        # Taken once: what has the same key again is added, and reported.
        target = at.pop(_identity(each, identity), None)
        if target is None:
            target = len(made)
            made.append(each)
        elif name == "tasks":  # company roles stay as they are
            made[target] = each
        moved[name, index] = (name, target)
    return made


def _identity(entry: Json, name: str) -> str:
    found = entry.get(name) if isinstance(entry, dict) else None
    return name_key(found) if isinstance(found, str) else ""


def _roles_named_in(document: JsonObject) -> Iterator[str]:
    outline = Outline(document)
    for each in outline.tasks:
        if role := each.text("candidate_role"):
            yield role
    for roles_in in (roles_in_questions, roles_in_reminders, roles_in_messages):
        for _path, role in roles_in(outline):
            yield role


def _list(document: JsonObject, name: str) -> list[Json]:
    found = document.get(name)
    return found if isinstance(found, list) else []
