"""What the audit log is narrowed by. Each has an index, or looks at a bounded part of the log."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter

from tenants.audit.acting import ActorKind
from tenants.audit.kinds import GROUP_TITLES, kinds_of
from tenants.audit.models import AuditEvent
from tenants.companies.active_company import active_company
from tenants.models import User
from tenants.pages.filters import ChosenFilter
from workflows.audit_log.pages.words import ACTOR_TITLES, type_title

# A dropdown with more people than this is no help: search by e-mail address then.
MOST_PEOPLE: Final = 200
# The kinds of subjects are those of so many of the newest events.
LOOKED_AT: Final = 2_000

OLDEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


class GroupFilter(ChosenFilter):
    title = _("what")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(group.value, title) for group, title in GROUP_TITLES.items()]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(kind__in=kinds_of(chosen))


class PersonFilter(ChosenFilter):
    title = _("who")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        company = active_company(request)
        people = User.objects.superusers() if company is None else User.objects.of_company(company)
        return [(str(person.pk), str(person)) for person in people[:MOST_PEOPLE]]

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        kinds = (ActorKind.PERSON, ActorKind.SUPERUSER)
        return queryset.filter(actor_kind__in=kinds, actor_id=int(chosen))


class ActedAsFilter(ChosenFilter):
    title = _("acted as")
    parameter_name = "as"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ACTOR_TITLES.items())

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(actor_kind=chosen)


class AboutFilter(ChosenFilter):
    """By the type of what an event is about, of those that the newest events are about."""

    title = _("about")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = AuditEvent.objects.order_by("-at", "-pk")
        types = set(newest.values_list("subject_type", flat=True)[:LOOKED_AT])
        return sorted(((each, type_title(each)) for each in types if each), key=lambda e: e[1])

    def narrow(self, queryset: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return queryset.filter(subject_type=chosen)


class SubjectFilter(admin.SimpleListFilter):
    """Everything about one row: a page of an event leads here, and the choice is shown there."""

    title = _("about exactly")
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        label, _colon, number = chosen.partition(":")
        newest = AuditEvent.objects.filter(subject_type=label, subject_id=number)
        event = newest.order_by("-at").first() if label and "\0" not in chosen else None
        return [] if event is None else [(chosen, event.subject_name or chosen)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.lookup_choices:
            return queryset
        label, _colon, number = str(self.lookup_choices[0][0]).partition(":")
        return queryset.filter(subject_type=label, subject_id=number)


class PeriodFilter(RangeDateFilter):
    """From a day to a day, both of them with it."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        begin = _day(self.used_parameters.get("at_from"))
        end = _day(self.used_parameters.get("at_to"))
        if begin is not None:
            queryset = queryset.filter(at__gte=begin)
        if end is not None:
            queryset = queryset.filter(at__lt=end + timedelta(days=1))
        return queryset


def _day(text: object) -> datetime | None:
    """When a day begins, where people are; None where it is none."""
    try:
        day = parse_date(str(text or ""))
        if day is None:
            return None
        begin = datetime.combine(day, time(), timezone.get_current_timezone())
        return begin if OLDEST < begin < LATEST else None  # what the database keeps
    except (ValueError, OverflowError):
        return None
