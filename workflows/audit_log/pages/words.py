"""What people read of an audit event: its details as old and new values, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.acting import ActorKind
from tenants.audit.models import AuditEvent
from tenants.roles import SystemRole

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ACTOR_TITLES: Final[Mapping[str, StrPromise]] = {
    ActorKind.PERSON: gettext_lazy("Person of the company"),
    ActorKind.SUPERUSER: gettext_lazy("Superuser"),
    ActorKind.VISITOR: gettext_lazy("Visitor"),
    ActorKind.SYSTEM: gettext_lazy("TicketFlower itself"),
}
# What details are called that are no fields of a model.
TITLES: Final[Mapping[str, StrPromise]] = {
    "system_roles": gettext_lazy("system roles"),
    "company_roles": gettext_lazy("company roles"),
    "roles_with_access": gettext_lazy("company roles with access"),
    "new_company_roles": gettext_lazy("new company roles"),
    "members_added": gettext_lazy("new members"),
    "members_removed": gettext_lazy("members no more"),
    "left": gettext_lazy("recovery codes left"),
    "count": gettext_lazy("how many"),
    "rows": gettext_lazy("rows"),
    "new": gettext_lazy("new rows"),
    "changed": gettext_lazy("changed rows"),
    "is_own": gettext_lazy("uploaded by themselves"),
    "until": gettext_lazy("ends at"),
    "through": gettext_lazy("by"),
    "factor": gettext_lazy("second factor"),
    "links": gettext_lazy("accounts that were linked"),
    "passwords_for_admins_only": gettext_lazy("passwords for admins only"),
    "has_new_secret": gettext_lazy("another client secret"),
    "tool": gettext_lazy("tool"),
    "too_long": gettext_lazy("too long to keep"),
}
MOST_IN_LIST: Final = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A field that changed, in words."""

    title: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Detail:
    title: str
    value: str


def model_of(label: str) -> type[Model] | None:
    """The model of a subject; None where there is none (any more)."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def type_title(label: str) -> str:
    model = model_of(label)
    return label if model is None else capfirst(str(model._meta.verbose_name))


def changes_of(event: AuditEvent) -> list[Change]:
    found = _data(event).get("changes")
    if not isinstance(found, dict):
        return []
    pairs = ((name, value) for name, value in found.items() if isinstance(value, list))
    return [
        Change(_title(event, name), *(shown(_label(event, name, each)) for each in value))
        for name, value in pairs
        if len(value) == 2
    ]


def details_of(event: AuditEvent) -> list[Detail]:
    data = {name: value for name, value in _data(event).items() if name != "changes"}
    if isinstance(data.get("through"), dict):  # the assistant stands with who did it
        data["through"] = data["through"].get("token")
    return [
        Detail(_title(event, name), shown(_label(event, name, value)))
        for name, value in data.items()
    ]


def summary_of(event: AuditEvent) -> str:
    """The first of its details, on a line."""
    texts = list(summary_lines(event))
    more = len(texts) - MOST_IN_LIST
    return "; ".join([*texts[:MOST_IN_LIST], *(["…"] if more > 0 else [])])


def summary_lines(event: AuditEvent) -> Iterator[str]:
    """Each of its details on a line."""
    yield from (f"{each.title}: {each.old} → {each.new}" for each in changes_of(event))
    yield from (f"{each.title}: {each.value}" for each in details_of(event))


def shown(value: Any) -> str:
    """A value in words: yes and no, lists with commas, nothing as a dash."""
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if value in SystemRole:
        return str(SystemRole(value).label)
    return _moment(value) if isinstance(value, str) else str(value)


def _moment(text: str) -> str:
    """Where it is a moment, as everywhere; else as it is."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return text
    if moment is None or moment.tzinfo is None:
        return text
    return date_format(localtime(moment), "DATETIME_FORMAT")


def _title(event: AuditEvent, name: str) -> str:
    if name in TITLES:
        return str(capfirst(TITLES[name]))
    field = _field(event, name)
    text = str(getattr(field, "verbose_name", "") or name.replace("_", " "))
    return str(capfirst(text))


def _label(event: AuditEvent, name: str, value: Any) -> Any:
    """Of a field with choices what people choose; any other value as it is."""
    labels = dict(getattr(_field(event, name), "flatchoices", None) or ())
    return str(labels[value]) if isinstance(value, str) and value in labels else value


def _field(event: AuditEvent, name: str) -> Any:
    """The field of the subject's model that a detail is called like; None where there is none."""
    model = model_of(event.subject_type)
    try:
        return None if model is None else model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _data(event: AuditEvent) -> dict[str, Any]:
    return event.data if isinstance(event.data, dict) else {}
