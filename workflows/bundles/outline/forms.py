"""The questions of a form that may be wrong, and what is wrong with them."""

from __future__ import annotations

from dataclasses import replace

from workflows.bundles.outline.entries import Entry
from workflows.engine.problems import Problem as FieldsProblem
from workflows.engine.process import Json
from workflows.engine.steps.approvals import OWN_FIELDS, vote_fields
from workflows.fields.field import Field
from workflows.fields.specs.specs import check_fields, parse_fields


def readable_fields(entry: Entry) -> dict[str, Field] | None:
    if check_form(entry):
        return None
    return {each.name: each for each in form_fields(entry)}


def form_fields(entry: Entry) -> tuple[Field, ...]:
    """The questions of a form in which `check_form` finds nothing wrong."""
    if "fields" not in entry.kept:
        entry.kept["fields"] = _form_fields(entry)
    found: tuple[Field, ...] = entry.kept["fields"]
    return found


def _form_fields(entry: Entry) -> tuple[Field, ...]:
    specs: Json = entry.value.get("fields", [])
    if not entry.is_approval or not isinstance(specs, list):
        return parse_fields(specs)
    # That one has the name of what every vote asks is told elsewhere.
    own = [each for each in specs if isinstance(each, dict) and each.get("name") in OWN_FIELDS]
    others: list[Json] = [each for each in specs if each not in own]
    return parse_fields(vote_fields(others))[len(OWN_FIELDS) :]


def check_form(entry: Entry) -> list[FieldsProblem]:
    """What is wrong with the questions of a form.

    Those of an approval stand beside what every vote asks, and may read it.
    """
    if "problems" not in entry.kept:
        entry.kept["problems"] = _check_form(entry)
    found: list[FieldsProblem] = entry.kept["problems"]
    return list(found)


def _check_form(entry: Entry) -> list[FieldsProblem]:
    specs: Json = entry.value.get("fields", [])
    if not entry.is_approval or not isinstance(specs, list):
        return check_fields(specs)
    own = len(OWN_FIELDS)
    return [
        replace(each, path=(int(each.path[0]) - own, *each.path[1:])) if each.path else each
        for each in check_fields(vote_fields(specs))
        if not (each.path[1:] == ("name",) and each.found in OWN_FIELDS)
    ]
