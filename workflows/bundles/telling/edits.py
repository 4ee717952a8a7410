"""The earlier answers that tasks show again, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from workflows.bundles.outline.kinds import fields_by_name
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import quoted, short
from workflows.engine.process import Json
from workflows.engine.steps.edits import edits_of


def edits_in_words(value: Json, labels: Mapping[str, str]) -> str:
    """Which answers a task shows again, in one line; empty where it shows none.

    `labels` are what people call questions, by `ticket.name` and `tasks.key.name`.
    """
    edits = edits_of(value)
    changed = [labels.get(each.name, each.field) for each in edits if each.may_change]
    seen = [labels.get(each.name, each.field) for each in edits if not each.may_change]
    parts = []
    if changed:
        parts.append(_("may change %(answers)s") % {"answers": ", ".join(changed)})
    if seen:
        parts.append(_("shows %(answers)s") % {"answers": ", ".join(seen)})
    return "; ".join(parts)


def all_edits_in_words(document: object) -> dict[str, str]:
    """{task key: the answers that it shows again}, of the tasks that show some.

    The document may be wrong in any place.
    """
    outline = Outline(document if isinstance(document, dict) else {})
    showing = {
        key: task
        for key, task in outline.task_of.items()
        if task.is_form and edits_of(task.value.get("edits"))
    }
    if not showing:
        return {}
    labels = {
        name: quoted(short(field.label or field.name))
        for name, field in fields_by_name(outline).items()
    }
    return {key: edits_in_words(task.value["edits"], labels) for key, task in showing.items()}
