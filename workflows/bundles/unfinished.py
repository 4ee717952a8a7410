"""What a draft may lack, and what must hold all the same for it to be kept.

A draft may be saved with problems: publishing refuses it. What must hold is what the rows of
a draft cannot do without: keys of the right form, each used once; a title for everything;
transitions between tasks that there are; values of the right kind that are not too long; no
names that would be dropped. Whatever is kept as JSON (fields, conditions, transforms,
schemas, presets, links, test cases) may be wrong in itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import (
    END,
    FORMAT,
    FORMAT_VERSION,
    SCHEMA,
    START,
    canonical,
)
from workflows.bundles.document.problems import Problem, path_in_words
from workflows.bundles.document.spelling import as_spelt
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline, outcome_of
from workflows.bundles.outline.roles import (
    role_of_approvers,
    roles_in_questions,
    roles_in_reminders,
)
from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject, Process, TaskSpec, TransitionSpec
from workflows.engine.schemas.json_schema import compile_validator
from workflows.engine.steps.blocks import BlockSpec, branch_of
from workflows.engine.task_types import TaskType
from workflows.engine.values.storable import unstorable
from workflows.fields.field import SeenBy

# What says how a value must be, and not of which kind it is or how long it may be.
_FORM: Final = ("pattern", "format", "minLength", "required", "enum", "minimum", "maximum")
_KEPT_AS_JSON: Final = (
    "ext_ref",
    "branch",
    "start",
    "test",
    "test_submitter",
    "test_answer",
    "test_expectation",
    "edit",
    "field",
    "decision_table",
    "table_input",
    "table_output",
    "table_row",
    "table_cell",
    "cell_type",
    "check",
    "message",
)
_CHOICE: Final[JsonObject] = {
    "properties": {"value": {}, "label": {}},
    "additionalProperties": False,
}


def storage_problems(document: object) -> list[Problem]:
    """The problems that keep a document from being saved as a draft; `check_bundle` has all."""
    if any(unstorable(document)) or not isinstance(document, dict):
        return [each for each in check_bundle(document) if each.is_error]
    document = as_spelt(document)
    places = set(_places(document))
    found = [each for each in check_bundle(document) if each.is_error and each.path in places]
    # What stands twice, or leads nowhere, has these places, too.
    for path in places - {each.path for each in found}:
        where = path_in_words(document, path)
        found.append(Problem(path, _("This cannot be kept. Correct it."), where=where))
    return found


def _places(document: JsonObject) -> Iterator[Path]:
    for error in _DRAFT_VALIDATOR.iter_errors(document):
        details: dict[str, object] = error.kind.as_dict()
        path: Path = tuple(error.instance_path)
        if error.kind.name == "additionalProperties":
            unexpected = details["unexpected"]
            for name in unexpected if isinstance(unexpected, list) else []:
                yield (*path, str(name))
        elif error.kind.name == "required":
            yield (*path, str(details["property"]))
        else:
            yield path
    outline = Outline(document)
    yield from _repeated(outline.tasks)
    yield from _repeated(outline.ticket_types)
    for each in outline.transitions:
        if each.text("from") not in {START, *outline.task_of}:
            yield (*each.path, "from")
        if each.text("to") not in {END, *outline.task_of}:
            yield (*each.path, "to")


def _repeated(entries: Iterable[Entry]) -> Iterator[Path]:
    seen: set[str] = set()
    for each in entries:
        if each.text("key") in seen:
            yield (*each.path, "key")
        seen.add(each.text("key"))


def _without_limits(schema: Json) -> Json:
    """The schema without demands on what is kept as JSON, and on how many entries there are."""
    if not isinstance(schema, dict):
        return schema
    made = {name: _without_limits(value) for name, value in schema.items() if name != "minItems"}
    definitions = made.get("$defs")
    if isinstance(definitions, dict):
        for name in _KEPT_AS_JSON:
            definitions[name] = _only_kinds(definitions.get(name))
        definitions["choice"] = _CHOICE
    return made


def _only_kinds(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_only_kinds(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        inner = str(schema["$ref"]).rsplit("/", 1)[-1]
        return schema if inner in {*_KEPT_AS_JSON, "choice"} else {}
    made: JsonObject = {}
    for name, value in schema.items():
        if name == "properties" and isinstance(value, dict):
            made[name] = {each: _only_kinds(inner) for each, inner in value.items()}
        elif name not in _FORM:
            made[name] = _only_kinds(value)
    return made


def _draft_schema() -> JsonObject:
    schema = _without_limits(SCHEMA)
    assert isinstance(schema, dict)  # noqa: S101 - it is made of one
    return schema


_DRAFT_VALIDATOR: Final = compile_validator(_draft_schema(), is_ours=True)


def with_named_roles(document: JsonObject) -> JsonObject:
    """The document with every company role that it names in its list of roles."""
    outline = Outline(as_spelt(document))
    listed = [each.value for each in outline.company_roles]
    known = {name_key(str(each.get("name"))) for each in listed}
    named = [each.text("candidate_role") for each in outline.tasks]
    named += [role_of_approvers(each) for each in outline.tasks]
    for each in outline.ticket_types:
        roles = each.value.get("roles_with_access")
        named += (
            [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []
        )
    named += [str(role) for _path, role in roles_in_questions(outline)]
    named += [role for _path, role in roles_in_reminders(outline)]
    missing: dict[str, str] = {}
    for name in named:
        if name and name_key(name) not in known:
            missing.setdefault(name_key(name), name)
    made: list[Json] = [*listed]
    made += [{"name": name} for name in missing.values()]
    return as_spelt({**outline.document, "company_roles": made})


def drawable_process(document: object) -> Process:
    """A document that may be wrong in any place as a process that can be drawn; never raises."""
    outline = Outline(document if isinstance(document, dict) else {})
    return Process(
        key=outline.workflow.text("key"),
        title=outline.workflow.text("title"),
        tasks={key: _task(key, each) for key, each in outline.task_of.items()},
        transitions=tuple(
            TransitionSpec(
                from_task=None if source == START else source,
                to_task=None if target == END else target,
                condition=each.value.get("condition"),
                priority=_as_int(each.value.get("priority", 0)),
                label=each.text("label"),
                after=each.text("after"),
                on_failure=each.value.get("on_failure") is True,
                on_cancel=each.value.get("on_cancel") is True,
                outcome=outcome_of(each.value),
            )
            for each in outline.transitions
            if (source := each.text("from")) and (target := each.text("to"))
        ),
    )


def _task(key: str, task: Entry) -> TaskSpec:
    task_type = task.task_type or TaskType.FORM
    return TaskSpec(
        key=key,
        title=task.text("title"),
        task_type=task_type,
        block=_block(key, task),
        branch=branch_of(task.text("branch")),
    )


def _block(key: str, task: Entry) -> BlockSpec | None:
    if task.is_approval:
        return BlockSpec.of_approval(key, task.value)
    return BlockSpec.of(task.value) if task.is_block else None


def _as_int(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def new_workflow_document(*, key: str, title: str) -> JsonObject:
    """A new workflow: one form, and a ticket type that starts it. It can be published as it is."""
    return canonical(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "workflow": {
                "key": key,
                "title": title,
                "fields": [
                    {
                        "name": "request",
                        "label": "What is it about?",
                        "type": "long_text",
                        "required": True,
                    }
                ],
            },
            "tasks": [
                {
                    "key": "handle",
                    "title": "Handle the request",
                    "fields": [
                        {
                            "name": "result",
                            "label": "What was done?",
                            "type": "long_text",
                            "required": True,
                            "seen_by": SeenBy.REQUESTER.value,
                        }
                    ],
                }
            ],
            "transitions": [
                {"from": START, "to": "handle"},
                {"from": "handle", "to": END, "label": "done"},
            ],
            "ticket_types": [{"key": key, "title": title}],
        }
    )


__all__ = [
    "drawable_process",
    "new_workflow_document",
    "storage_problems",
    "with_named_roles",
]
