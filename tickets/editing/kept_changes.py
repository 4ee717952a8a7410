"""Changes of earlier answers among the answers that are kept of a task, half-filled or sent.

They stand beside the task's own under the names that conditions give them, which have a dot, and
with them what the person had seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.edits import by_owner, split_name, with_owner
from workflows.fields.answers.asked_again import AskedAgain
from workflows.fields.on_screen.screen import FileKeeper
from workflows.fields.on_screen.screens import screen_of
from workflows.models import TaskDefinition
from workflows.running.definition_cache import definition_of

_SEEN: Final = ".seen"


def kept_changes(changes: JsonObject, seen: Mapping[str, str] | None) -> JsonObject:
    """What is kept of changes; nothing of a task that shows no earlier answers."""
    if not changes and not seen:
        return {}
    return {**changes, _SEEN: dict[str, Json](seen or {})}


def own_answers(kept: JsonObject) -> JsonObject:
    """The answers to the task's own questions among what is kept."""
    return {name: value for name, value in kept.items() if "." not in name}


def changes_of(kept: JsonObject) -> JsonObject:
    return {name: value for name, value in kept.items() if split_name(name) is not None}


def seen_of(kept: JsonObject) -> dict[str, str] | None:
    """What the person had seen; None where nobody noted it."""
    found = kept.get(_SEEN)
    return {name: str(text) for name, text in found.items()} if isinstance(found, dict) else None


def fitting_changes(
    kept: JsonObject, asked: Sequence[AskedAgain], keeper: FileKeeper
) -> JsonObject:
    """The changes that were kept, as far as they fit the questions as they are now."""
    changes, found = changes_of(kept), {}
    for each in asked:
        for name, value in with_owner(each.task, dict.fromkeys(each.part.fields)).items():
            if name not in changes:
                continue
            field, value = each.part.fields[name.removeprefix(each.owner)], changes[name]
            fits = value is None or screen_of(field).still_fits(field, value, keeper) is not None
            if fits:
                found[name] = value
    return found


def asked_and_shown(definition: TaskDefinition) -> object:
    """What a form asks, for telling whether it is still the same."""
    return [definition.fields, definition.edits] if definition.shows_again else definition.fields


def specs_of_kept(definition: TaskDefinition, workflow_id: int) -> list[JsonObject]:
    """The questions whose answers may be kept: the task's own, and those that it may change.

    `workflow_id` is the version that the ticket runs on.
    """
    specs = list(definition.fields)
    if not definition.shows_again:
        return specs
    known = definition_of(workflow_id)
    for each in definition.shows_again:
        task = known.tasks.get(each.task)
        of_form: Json = known.workflow.fields if not each.task else task.fields if task else []
        specs += [
            {**spec, "name": each.name}
            for spec in objects_in(of_form)
            if spec.get("name") == each.field and each.may_change
        ]
    return specs


def by_forms(
    definition: TaskDefinition, workflow_id: int, kept: JsonObject
) -> list[tuple[Json, JsonObject]]:
    """What is kept, form by form, each with its questions: the task's own comes first."""
    found: list[tuple[Json, JsonObject]] = [(definition.fields, own_answers(kept))]
    known = definition_of(workflow_id)
    for key, answers in by_owner(changes_of(kept)).items():
        task = known.tasks.get(key)
        specs: Json = known.workflow.fields if not key else task.fields if task else []
        found.append((specs, answers))
    return found
