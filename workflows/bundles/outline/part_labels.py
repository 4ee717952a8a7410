"""What the parts of answers are called that conditions read: “Approver: e-mail address”."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from workflows.fields.registry import type_of


def with_part_labels(labels: Mapping[str, str], specs: object, prefix: str = "") -> dict[str, str]:
    """`labels` of a form's fields by their names, with those of the parts that they have."""
    found = dict(labels)
    for spec in specs if isinstance(specs, list) else []:
        field_type = type_of(spec) if isinstance(spec, dict) else None
        path = f"{prefix}{spec.get('name')}" if field_type is not None else ""
        if field_type is not None and path in labels:
            for name, part in field_type.parts.items():
                if part.name:
                    found[f"{path}.{name}"] = f"{labels[path]}: {_(part.name)}"
    return found
