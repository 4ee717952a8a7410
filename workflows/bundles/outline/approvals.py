"""What can be read of approvals that are decided."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.outline.outline import Outline
from workflows.fields.field import Field
from workflows.fields.registry import TYPES

# What there is of an approval that is decided.
PARTS: Final = ("approved", "yes", "no", "votes")


def approval_fields(outline: Outline) -> dict[str, Field]:
    """What can be read of approvals that are decided, as questions, by dotted names."""
    found: dict[str, Field] = {}
    for key, task in outline.approvals.items():
        title = {"task": task.text("title") or key}
        for name, type_key, label in (
            ("approved", "boolean", _("%(task)s: approved")),
            ("yes", "integer", _("%(task)s: how many approved")),
            ("no", "integer", _("%(task)s: how many refused")),
        ):
            field = Field(name, TYPES[type_key], label % title, required=True)
            found[f"tasks.{key}.{name}"] = field
    return found


def approval_labels(outline: Outline) -> dict[str, str]:
    """What is called how in a condition of what `approval_fields` has."""
    return {name: field.label for name, field in approval_fields(outline).items()}
