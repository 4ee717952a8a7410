"""Which people the answers of a form name, and putting something else in their place.

Each type says it of its own answers (`FieldType.with_people`); this goes over the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workflows.engine.process import Json, JsonObject
from workflows.fields.registry import type_of

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


def _of_question(spec: Mapping[str, Json], answer: Json, change: ChangePerson) -> Json:
    found = type_of(spec)
    if found is None or answer is None:
        return answer
    columns = spec.get("fields")
    if isinstance(columns, Sequence) and isinstance(answer, list):
        return [with_people(spec["fields"], record, change) for record in answer]
    return found.with_people(answer, change) if found.names_people else answer
