"""Some questions of a form that was answered before, asked again by another task.

The answers to the others stay as they are. What comes out must fit the whole form: what is not
asked any more for the new answers goes, and what is needed now must be there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.edits import Edit, by_owner, owner_of
from workflows.engine.texts import gettext
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import KEPT_ANSWERS, NO_FACTS, Facts, Reference
from workflows.fields.field import Field

_DIGEST_CHARACTERS: Final = 16


class PartOfForm:
    """Some questions of a form. `answers` are all that were given to it, as they count now.

    For whoever draws and reads a form it is like a `Validator`: there, what is not given is empty.
    """

    def __init__(self, form: Validator, answers: JsonObject, names: Iterable[str]) -> None:
        self.form = form
        self.answers = answers
        asked = {name: form.fields[name] for name in names if name in form.fields}
        self.fields: Mapping[str, Field] = MappingProxyType(asked)
        self.all_fields = form.all_fields

    # Changes: {name: new answer}; null empties it, and what is not named stays

    def changed(self, changes: JsonObject, facts: Facts) -> JsonObject:
        """All answers of the form after these changes, without what is not asked any more."""
        given = {name for name, value in changes.items() if value is not None}
        made: JsonObject = {
            name: value for name, value in {**self.answers, **changes}.items() if value is not None
        }
        for _round in self.form.fields:
            visible = self.form.visible(made, facts)
            hidden = [each for each in made if each in self.form.fields and each not in visible]
            gone = [each for each in hidden if each not in given]
            if not gone:
                break
            made = {name: value for name, value in made.items() if name not in gone}
        return self.form.settled(made, facts)

    def problems(self, changes: JsonObject, facts: Facts) -> list[FieldProblem]:
        """What is wrong with these changes.

        What was wrong already with answers that are not asked here is nobody's to mend now.
        """
        found = self.form.validate(self.changed(changes, facts), facts)
        others = [each for each in found if _top(each) not in self.fields]
        own = [each for each in found if _top(each) in self.fields]
        unknown = [each for each in changes if each not in self.fields]
        own += [FieldProblem("", _not_asked(each)) for each in unknown]
        if not others:
            return own
        known = {
            (each.field, each.message) for each in self.form.validate(self.answers, KEPT_ANSWERS)
        }
        new = [each for each in others if (each.field, each.message) not in known]
        return [*own, *map(self._of_another, new)]

    def _of_another(self, problem: FieldProblem) -> FieldProblem:
        field = self.form.fields.get(_top(problem))
        if field is None:
            return problem
        message = gettext("“%(question)s”, which is not asked here: %(message)s")
        words = {"question": field.label or field.name, "message": problem.message}
        return FieldProblem("", message % words)

    # As of a form: what is not among the answers is empty

    def validate(self, data: JsonObject, facts: Facts = NO_FACTS) -> list[FieldProblem]:
        return self.problems(self._as_changes(data), facts)

    def visible(self, data: JsonObject, facts: Facts = NO_FACTS) -> frozenset[str]:
        answers = self.changed(self._as_changes(data), facts)
        return self.form.visible(answers, facts) & self.fields.keys()

    def taken_in(self, data: JsonObject, facts: Facts) -> JsonObject:
        return self.form.taken_in(data, facts)

    def given_out(self, data: JsonObject) -> JsonObject:
        return self.form.given_out(data)

    @property
    def reads_clock(self) -> bool:
        return self.form.reads_clock

    @property
    def reads_working_days(self) -> bool:
        return self.form.reads_working_days

    @property
    def is_calculated(self) -> bool:
        return self.form.is_calculated

    def typed(self, data: JsonObject) -> JsonObject:
        return self.form.typed(data)

    def settled(self, data: JsonObject, facts: Facts) -> JsonObject:
        """With what is calculated of these questions; the others are read as they are."""
        made = self.changed(self._as_changes(data), facts)
        calculated = {n for n, field in self.fields.items() if n in data or field.is_computed}
        return {name: made[name] for name in self.fields if name in made and name in calculated}

    def required(self, data: JsonObject, facts: Facts) -> frozenset[str]:
        answers = self.changed(self._as_changes(data), facts)
        return frozenset(self.form.required(answers, facts)) & self.fields.keys()

    def defaults(self, _facts: Facts) -> JsonObject:
        return {}

    def defaults_of_row(self, table: Field, facts: Facts) -> JsonObject:
        return self.form.defaults_of_row(table, facts)

    def presets_taken_in(self, facts: Facts) -> JsonObject:
        return {}

    def references(self, data: Json) -> frozenset[Reference]:
        changes = data if isinstance(data, dict) else {}
        return self.form.references({**self.answers, **changes})

    def values_to_keep(self, data: JsonObject) -> tuple[tuple[str, Json], ...]:
        return self.form.values_to_keep({**data, **self.answers})

    def _as_changes(self, data: JsonObject) -> JsonObject:
        return {**dict.fromkeys(self.fields), **data}


def _top(problem: FieldProblem) -> str:
    return problem.field.split(".", 1)[0]


def _not_asked(name: str) -> str:
    return gettext("“%(name)s” is not changed in this task. Leave it out.") % {"name": name}


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """What a task asks again of one form: that of the ticket (`task` is empty), or of a task.

    `rows` are the questions in their order, with whether their answers may be changed.
    """

    task: str
    title: str
    rows: tuple[tuple[str, bool], ...]
    part: PartOfForm

    @property
    def owner(self) -> str:
        """What the names of these answers begin with."""
        return owner_of(self.task)

    def state(self) -> dict[str, str]:
        """{name: a short text that changes with the answer}, of all that is shown."""
        return {
            f"{self.owner}{name}": _digest(self.part.answers.get(name)) for name, _may in self.rows
        }


def _digest(value: Json) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARACTERS]


def asked_again(
    edits: Iterable[Edit],
    *,
    ticket: JsonObject,
    outputs: Mapping[str, Json],
    form_of: Callable[[str], Validator | None],
    title_of: Callable[[str], str],
    only_seen: Collection[str] = (),
) -> tuple[AskedAgain, ...]:
    """What a task shows of earlier answers: form by form, in the order in which they are listed.

    `form_of` and `title_of` take the key of a task, or "" for the ticket. A task that was not done
    is left out, and so is a question that there is not. `only_seen` are questions of the ticket
    whose answers nobody changes: those that its type has set.
    Raises FieldError where the form of one is wrong.
    """
    listed: dict[str, list[Edit]] = {}
    for each in edits:
        listed.setdefault(each.task, []).append(each)
    found = []
    for task, entries in listed.items():
        answers = outputs.get(task) if task else ticket
        form = form_of(task)
        if not isinstance(answers, dict) or form is None:
            continue
        rows = tuple(
            (each.field, each.may_change and (task != "" or each.field not in only_seen))
            for each in entries
            if each.field in form.fields
        )
        part = PartOfForm(form, answers, [name for name, may_change in rows if may_change])
        found.append(AskedAgain(task, title_of(task), rows, part))
    return tuple(found)


type FindFacts = Callable[[PartOfForm, JsonObject], Facts]


@dataclass(frozen=True, slots=True)
class Changed:
    """The answers of one form before and after. `task` is empty for those of the ticket."""

    task: str
    before: JsonObject
    after: JsonObject


def problems_of_changes(
    asked: Iterable[AskedAgain], changes: JsonObject, facts_of: FindFacts
) -> list[FieldProblem]:
    """What is wrong with changes, {`ticket.amount`: new answer}; the fields are called so, too."""
    of_forms = {each.task: each for each in asked}
    found = []
    for name in changes:
        owner = next(iter(by_owner({name: None})), None)
        if owner is None or owner not in of_forms:
            found.append(FieldProblem("", _not_asked(name)))
    owned = by_owner(changes)
    for task, again in of_forms.items():
        own = owned.get(task, {})
        wrong = again.part.problems(own, facts_of(again.part, own)) if own else []
        found += [
            FieldProblem(f"{again.owner}{each.field}" if each.field else "", each.message)
            for each in wrong
        ]
    return found


def apply_changes(
    asked: Iterable[AskedAgain], changes: JsonObject, facts_of: FindFacts
) -> list[Changed]:
    """The forms whose answers are others after these changes, which have no problems."""
    owned = by_owner(changes)
    found = []
    for each in asked:
        own = owned.get(each.task, {})
        after = each.part.changed(own, facts_of(each.part, own)) if own else each.part.answers
        if after != each.part.answers or _digest(after) != _digest(each.part.answers):
            found.append(Changed(each.task, each.part.answers, after))
    return found
