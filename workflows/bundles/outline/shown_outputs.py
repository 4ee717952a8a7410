"""What came of a task, as questions by which people are shown it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.step_outputs import output_specs
from workflows.bundles.outline.subtickets import output_specs_of_subticket
from workflows.engine.evaluating.moments import is_date, moment_of
from workflows.engine.process import Json
from workflows.engine.steps.answered import ANSWERED


def specs_of_output(task: Mapping[str, Json], output: Json) -> Json:
    """The questions to which the output of a task is the answers, as far as they are known.

    Those of its form, and of the engine's own steps what they bring; `task` is as a document has
    it. What is a date or a moment of the rest is to be read as one.
    """
    entry = Entry((), dict(task))
    if entry.is_form:
        return task.get("fields", [])
    if entry.is_approval:
        return _of_approval()
    if entry.is_subticket:
        return output_specs_of_subticket()
    known = output_specs(task)
    if isinstance(output, dict) and isinstance(output.get(ANSWERED), bool):
        known = [{"name": ANSWERED, "label": _("Answered"), "type": "boolean"}]
    names = {each["name"] for each in known if isinstance(each, dict)}
    return [*known, *(each for each in times_in(output) if each["name"] not in names)]


def times_in(output: Json) -> list[dict[str, Json]]:
    """The dates and moments of an output without a form, as questions.

    So they are shown as the reader writes them, moments in their time zone.
    """
    values = output.items() if isinstance(output, dict) else ()
    return [
        {"name": name, "label": name.replace("_", " ").capitalize(), "type": kind}
        for name, value in values
        if (kind := _kind_of(value))
    ]


def without_branches(output: Mapping[str, Json]) -> dict[str, Json]:
    """What a block has brought, without what stands in its branches: their tasks show that."""
    return {name: value for name, value in output.items() if not isinstance(value, dict | list)}


def _kind_of(value: Json) -> str:
    if is_date(value):
        return "date"
    return "datetime" if moment_of(value) is not None else ""


def _of_approval() -> list[Json]:
    return [
        {"name": "approved", "label": _("Approved"), "type": "boolean"},
        {"name": "yes", "label": _("How many approved"), "type": "integer"},
        {"name": "no", "label": _("How many refused"), "type": "integer"},
    ]
