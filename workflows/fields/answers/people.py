"""Which people the answers of a form name, and putting something else in their place.

Each type says it of its own answers (`FieldType.with_people`); this goes over the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.fields.registry import type_of

# What people read in the place of what was erased.
ERASED: Final = "erased"

# Given what names somebody (an object with their `id`, or their e-mail address, as documents write
# it), returns what is to stand there.
type ChangePerson = Callable[[Json], Json]


def names_people(specs: Json) -> bool:
    """Whether a question of these specs asks for somebody; they need not be right."""
    return any(
        isinstance(spec, dict)
        and (
            ((found := type_of(spec)) is not None and found.names_people)
            or names_people(spec.get("fields"))
        )
        for spec in (specs if isinstance(specs, list) else [])
    )


def with_people(specs: Json, answers: Json, change: ChangePerson) -> Json:
    """The answers with everybody whom they name changed; what is no answer stays as it is."""
    if not isinstance(answers, dict) or not isinstance(specs, list):
        return answers
    made: JsonObject = dict(answers)
    for spec in specs:
        if isinstance(spec, dict) and isinstance(name := spec.get("name"), str) and name in made:
            made[name] = _of_question(spec, made[name], change)
    return made


def with_erased_answers(specs: Json, answers: Json) -> Json:
    """The answers without what somebody has typed, and without the names of their files."""
    if not isinstance(answers, dict):
        return answers
    questions = {
        spec["name"]: spec
        for spec in (specs if isinstance(specs, list) else [])
        if isinstance(spec, dict) and isinstance(spec.get("name"), str)
    }
    return {name: _erased(questions.get(name), answer) for name, answer in answers.items()}


def _erased(spec: Mapping[str, Json] | None, answer: Json) -> Json:
    found = None if spec is None else type_of(spec)
    if spec is None or found is None:  # no version asks that any more: it may be anything
        return ERASED if isinstance(answer, str) and answer else answer
    if isinstance(answer, list) and isinstance(spec.get("fields"), list):
        return [with_erased_answers(spec["fields"], record) for record in answer]
    if any(found.uploads(answer)) and isinstance(answer, dict):
        return {**answer, "filename": ERASED}
    return found.erased if found.erased is not None and answer not in (None, "") else answer


def _of_question(spec: Mapping[str, Json], answer: Json, change: ChangePerson) -> Json:
    found = type_of(spec)
    if found is None or answer is None:
        return answer
    columns = spec.get("fields")
    if isinstance(columns, Sequence) and isinstance(answer, list):
        return [with_people(spec["fields"], record, change) for record in answer]
    return found.with_people(answer, change) if found.names_people else answer
