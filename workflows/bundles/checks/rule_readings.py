"""What is wrong with reading one answer or part of the work in a rule."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.bundles.checks.unanswered import is_certain
from workflows.bundles.document.problems import Severity
from workflows.bundles.outline.approvals import PARTS as OF_APPROVAL
from workflows.engine.failure import FAILURE_PARTS
from workflows.engine.problems import nearest, short
from workflows.fields.field import LIST, Field


@dataclass(frozen=True, slots=True)
class Reading:
    """What is wrong with reading a variable."""

    message: str
    nearest: str = ""
    severity: Severity = Severity.ERROR


def of_approval(key: str, inner: str) -> Reading | None:
    """What is read of an approval that is decided."""
    name, _dot, rest = inner.partition(".")
    variable = short(f"tasks.{key}.{inner}")
    wrong = unless_known(variable, f"tasks.{key}", name, OF_APPROVAL)
    return wrong if wrong is not None or name == "votes" else no_such_property(variable, rest)


def of_failure(variable: str, rest: str) -> Reading | None:
    """What the failure of a call says; anything may stand beneath the answer, and nothing."""
    name, _dot, inner = rest.partition(".")
    wrong = unless_known(variable, "failure", name, FAILURE_PARTS)
    if wrong is not None or not inner:
        return wrong
    if name != "answer":
        return no_such_property(variable, inner)
    message = _(
        "The rule reads “%(name)s”, which the answer of a call that failed may not have. Give a "
        "default, or ask with “missing” first."
    )
    return Reading(message % {"name": short(variable)}, severity=Severity.WARNING)


def unless_known(variable: str, root: str, name: str, known: Collection[str]) -> Reading | None:
    if not name or name in known:
        return None
    message = _("The rule reads “%(name)s”. Of “%(root)s” there are only these: %(known)s.")
    meant = nearest(name, known)
    text = message % {"name": short(variable), "root": root, "known": ", ".join(known)}
    return Reading(text, f"{root}.{meant}" if meant else "")


def no_such_property(variable: str, rest: str) -> Reading | None:
    if not rest:
        return None
    message = _("The rule reads “%(name)s”, but nothing stands beneath that value.")
    return Reading(message % {"name": short(variable)})


def field_reading(prefix: str, rest: str, fields: dict[str, Field]) -> Reading | None:
    """Reading `rest` of these fields; optional ones may have no answer."""
    name, _dot, inner = rest.partition(".")
    if name not in fields:
        message = _("The rule reads “%(name)s”, but there is no such question.")
        meant = nearest(name, fields)
        return Reading(
            message % {"name": short(f"{prefix}.{rest}")}, f"{prefix}.{meant}" if meant else ""
        )
    field = fields[name]
    if inner and field.type.parts:
        return unless_known(f"{prefix}.{rest}", f"{prefix}.{name}", inner, list(field.type.parts))
    if inner and field.type.kind != LIST:
        return no_such_property(f"{prefix}.{rest}", inner)
    if inner and field.fields and not inner.partition(".")[0].isdecimal():
        message = _(
            "The rule reads “%(name)s” as one value, but each row has its own. Write sum(…), "
            "any(…), all(…) or count(…) around it."
        )
        return Reading(message % {"name": f"{prefix}.{rest}"})
    if not is_certain(field, fields):
        message = _(
            "The rule reads “%(name)s”, which may have no answer. Give a default, ask with "
            "“missing” first, or make the question required."
        )
        return Reading(message % {"name": f"{prefix}.{name}"}, severity=Severity.WARNING)
    return None
