"""A document as its author means it, however it was typed: one spelling for each name and choice.

Texts are put into composed form; names lose what nobody sees; a company role is spelt as the
document's list of roles spells it, and a choice in a preset, a default or a test case as its
question does. What is meant by none of them stays as it is, for the checks to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tenants.names import name_key, plain_name
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.edits import by_owner, with_owner
from workflows.engine.values.composed import composed_object
from workflows.fields.specs.company_roles import with_roles
from workflows.fields.specs.known_choices import with_known_choices, with_known_defaults

type _Change = Callable[[Json], Json]


def as_spelt(document: JsonObject) -> JsonObject:
    """The document in one spelling. It may be wrong in any place, but must be storable."""
    made = composed_object(document)
    spelling = _Spelling(made)
    return {name: spelling.part(name, value) for name, value in made.items()}


class _Spelling:
    def __init__(self, document: JsonObject) -> None:
        self.roles: dict[str, str] = {}
        for each in objects_in(document.get("company_roles")):
            if isinstance(name := each.get("name"), str):
                self.roles.setdefault(name_key(name), plain_name(name))
        workflow = document.get("workflow")
        self.fields = workflow.get("fields") if isinstance(workflow, dict) else None
        self.fields_of = {
            str(each.get("key")): each.get("fields") for each in objects_in(document.get("tasks"))
        }
        self.parts: Final[Mapping[str, _Change]] = {
            "workflow": lambda value: _changed(value, title=_plain, fields=self._fields),
            "tasks": lambda value: _each(value, self._task),
            "transitions": lambda value: _each(value, lambda each: _changed(each, label=_plain)),
            "ticket_types": lambda value: _each(value, self._ticket_type),
            "company_roles": lambda value: _each(value, lambda each: _changed(each, name=_plain)),
            "tests": lambda value: _each(value, self._test),
        }

    def part(self, name: str, value: Json) -> Json:
        return self.parts[name](value) if name in self.parts else value

    def _task(self, task: Json) -> Json:
        return _changed(
            task,
            title=_plain,
            candidate_role=self._role,
            approvers=lambda value: _changed(value, role=self._role),
            fields=self._fields,
            branches=lambda value: _each(value, lambda each: _changed(each, title=_plain)),
            reminders=lambda listed: _each(listed, lambda each: _changed(each, role=self._role)),
        )

    def _fields(self, specs: Json) -> Json:
        return with_roles(with_known_defaults(specs), self._role)

    def _ticket_type(self, ticket_type: Json) -> Json:
        return _changed(
            ticket_type,
            title=_plain,
            roles_with_access=lambda roles: _each(roles, self._role),
            presets=self._ticket,
            starts=lambda value: _each(
                value, lambda each: _changed(each, title=_plain, answers=self._ticket)
            ),
        )

    def _test(self, test: Json) -> Json:
        return _changed(
            test,
            name=_plain,
            ticket=self._ticket,
            answers=lambda answers: _each(answers, self._answer),
        )

    def _answer(self, answer: Json) -> Json:
        task = answer.get("task") if isinstance(answer, dict) else None
        fields = self.fields_of.get(task) if isinstance(task, str) else None
        return _changed(answer, output=lambda output: _answers(fields, output), edits=self._changes)

    def _changes(self, changes: Json) -> Json:
        """What a task changes of earlier answers, by the names of conditions."""
        if not isinstance(changes, dict):
            return changes
        made = dict(changes)
        for task, own in by_owner(changes).items():
            spelt = _answers(self.fields_of.get(task) if task else self.fields, own)
            made |= with_owner(task, spelt) if isinstance(spelt, dict) else {}
        return made

    def _ticket(self, answers: Json) -> Json:
        return _answers(self.fields, answers)

    def _role(self, name: Json) -> Json:
        return self.roles.get(name_key(name), _plain(name)) if isinstance(name, str) else name


def _answers(fields: Json, answers: Json) -> Json:
    return with_known_choices(fields, answers) if isinstance(answers, dict) else answers


def _plain(name: Json) -> Json:
    return plain_name(name) if isinstance(name, str) else name


def _changed(value: Json, **changes: _Change) -> Json:
    """The object with these of its values changed, where it has them."""
    if not isinstance(value, dict):
        return value
    return {name: changes[name](each) if name in changes else each for name, each in value.items()}


def _each(value: Json, change: _Change) -> Json:
    return [change(each) for each in value] if isinstance(value, list) else value
