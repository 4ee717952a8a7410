"""The questions of a form in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tenants.refusals import refusals
from workflows.authoring.definitions.pages.in_words import in_words, pretty
from workflows.engine.conditions.sentence import choice_labels, describe_condition, describe_formula
from workflows.engine.errors import FieldError
from workflows.engine.rules.compiling import is_empty
from workflows.fields.field import Field, SeenBy
from workflows.fields.in_database.kept_roles import roles_named_in, with_role_names
from workflows.fields.specs.specs import parse_fields


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a form. `depth` is 1 for a column of a table of records."""

    name: str
    label: str
    type_name: str
    required: bool
    help: str
    choices: tuple[str, ...]
    rules: tuple[str, ...]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FieldTable:
    """The fields of a form; `problem` says why they cannot be shown, `raw` is what stands there."""

    rows: Sequence[FieldRow] = ()
    problem: str = ""
    raw: str = ""


def field_table(specs: object, labels: Mapping[str, str] | None = None) -> FieldTable:
    """The fields of a form as rows; never raises, whatever a draft contains."""
    specs = _with_role_names(specs)
    with refusals(FieldError) as broken:
        fields = parse_fields(specs)
        names = {**(labels or {}), **choice_labels(specs)}
        return FieldTable(rows=tuple(_field_rows(fields, names, depth=0)))
    return FieldTable(problem=broken.text, raw=pretty(specs))


def _with_role_names(specs: object) -> object:
    if not isinstance(specs, list):
        return specs
    return with_role_names(specs, roles_named_in([specs]))


def _field_rows(
    fields: Iterable[Field], labels: Mapping[str, str], depth: int
) -> Iterable[FieldRow]:
    for field in fields:
        yield FieldRow(
            name=field.name,
            label=field.label,
            type_name=_(field.type.name),
            required=field.required,
            help=field.help,
            choices=tuple(label or value for value, label in field.choices),
            rules=tuple(_rules(field, labels)),
            depth=depth,
        )
        yield from _field_rows(field.fields, labels, depth + 1)


def _rules(field: Field, labels: Mapping[str, str]) -> Iterable[str]:
    if field.minimum is not None:
        yield _(field.type.at_least) % {"limit": field.minimum}
    if field.maximum is not None:
        yield _(field.type.at_most) % {"limit": field.maximum}
    if field.more_than is not None:
        yield _("More than %(limit)s") % {"limit": field.more_than}
    if field.less_than is not None:
        yield _("Less than %(limit)s") % {"limit": field.less_than}
    if field.pattern:
        yield _("Must match %(pattern)s") % {"pattern": field.pattern}
    for own in field.type.own_keys:
        if own.key in field.settings:
            words = {"setting": _(own.label), "value": in_words(field.settings[own.key])}
            yield _("%(setting)s: %(value)s") % words
    if field.default is not None:
        yield _("Beforehand: %(value)s") % {"value": in_words(field.default)}
    yield from _formulas(field, labels)
    if not is_empty(field.visible_when):
        condition = describe_condition(field.visible_when, labels)
        yield _("Asked only when %(condition)s") % {"condition": condition}
    if field.seen_by is SeenBy.REQUESTER:
        yield _("Whoever submitted the ticket sees the answer")
    if field.listed:
        yield _("Shown in lists")


def _formulas(field: Field, labels: Mapping[str, str]) -> Iterable[str]:
    if field.is_computed:
        formula = describe_formula(field.computed, labels)
        yield _("Calculated: %(formula)s") % {"formula": formula}
    if field.default_rule is not None:
        formula = describe_formula(field.default_rule, labels)
        yield _("Beforehand: %(value)s") % {"value": formula}
    if field.required_when is not None:
        condition = describe_condition(field.required_when, labels)
        yield _("Required when %(condition)s") % {"condition": condition}
    limits: dict[str, str] = {
        "min": field.type.at_least,
        "max": field.type.at_most,
        "more_than": gettext_noop("More than %(limit)s"),
        "less_than": gettext_noop("Less than %(limit)s"),
    }
    for key, rule in field.limit_rules.items():
        yield _(limits[key]) % {"limit": describe_formula(rule, labels)}
    for check in field.checks:
        words = {
            "condition": describe_condition(check.condition, labels),
            "message": check.message,
        }
        yield _("Checked: %(condition)s. Otherwise: %(message)s") % words
