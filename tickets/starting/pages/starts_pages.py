"""Recurring starts: the list, a start with its next times, pausing it and letting it go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from tenants.models import Company, User
from tenants.names import plain_email
from tenants.pages.buttons import Button
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.refusals import refusals
from tenants.roles import SystemRole
from tickets.models import PauseReason, RecurringStart, StartRun, Ticket
from tickets.starting.errors import StartPersonError
from tickets.starting.pages.start_form import StartForm
from tickets.starting.pause_start import may_submit, pause_start, resume_start
from tickets.starting.preview import next_times
from workflows.authoring.ticket_types.change_starts import MOST_STARTS, change_starts
from workflows.authoring.ticket_types.change_ticket_type import ticket_type_marker
from workflows.bundles.checks.starts import problems_of_start
from workflows.bundles.telling.starts import start_in_words
from workflows.engine.errors import FieldError
from workflows.engine.process import Json, objects_in
from workflows.engine.starts import StartSpec, starts_of
from workflows.engine.times.calendar import WorkingTime
from workflows.errors import StartsRefusedError, TicketTypeChangedError, TicketTypeNotOfferedError
from workflows.fields.answers.validation import validator_for
from workflows.fields.in_database.look_up import facts_for
from workflows.forms.document_form import DocumentForm, rows_are_too_many
from workflows.models import BusinessCalendar, TicketDefinition

LAST: Final = 5
MOST_NAMES: Final = 300
_LIST: Final = "admin:workflows_ticketdefinition_starts"
_PAUSES_OF_SYSTEM: Final = (PauseReason.NOBODY, PauseReason.LEFT, PauseReason.MAY_NOT)


@dataclass(frozen=True, slots=True)
class ShownRun:
    moment: str
    run: StartRun
    ticket: Ticket | None
    missed: list[str]


@dataclass(frozen=True, slots=True)
class ShownStart:
    definition: TicketDefinition
    spec: StartSpec
    start: RecurringStart | None
    when: str
    next_at: str
    runs: list[ShownRun]

    @property
    def title(self) -> str:
        return self.spec.title or self.definition.title


class _StartsPage(Page):
    """For workflow creators and ticket admins: who sees ticket types at all."""

    permissions = ("workflows.view_ticketdefinition",)

    def back(self) -> HttpResponse:
        return redirect(_LIST)


@register_page(TicketDefinition, "starts/", name="workflows_ticketdefinition_starts")
class StartsPage(_StartsPage):
    """All recurring starts of the company. POST pauses one, or lets it go on."""

    title = gettext_lazy("Recurring starts")
    template_name = "starting/starts.html"
    menu = MenuEntry(MenuSection.DEFINITIONS, icon="event_repeat", order=40)

    def get(self, request: HttpRequest) -> HttpResponse:
        types = list(TicketDefinition.objects.active().order_by("title", "pk"))
        working_time = BusinessCalendar.objects.current().working_time()
        return self.show(
            starts=_shown(types, working_time.zone),
            types=types,
            zone=working_time.zone.key,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        text = request.POST.get("start", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
        if "pause" in request.POST:
            pause_start(start_id=number, user=self.person, now=timezone.now())
            messages.success(request, gettext("It is paused: no ticket starts by itself."))
        else:
            resume_start(start_id=number, user=self.person, now=timezone.now())
            messages.success(request, gettext("It goes on."))
        return self.back()


def _shown(types: list[TicketDefinition], zone: ZoneInfo) -> list[ShownStart]:
    """With what became of the last moments; four queries, however many there are."""
    rows = RecurringStart.objects.filter(type_key__in=[each.key for each in types])
    kept = {(each.type_key, each.key): each for each in rows.select_related("person", "paused_by")}
    runs: dict[int, list[StartRun]] = {}
    for run in StartRun.objects.filter(start__in=[each.pk for each in kept.values()]):
        runs.setdefault(run.start_id, []).append(run)
    last = {pk: each[:LAST] for pk, each in runs.items()}
    numbers = [run.ticket_number for each in last.values() for run in each if run.ticket_number]
    tickets = Ticket.objects.in_bulk(numbers)
    found = []
    for definition in types:
        for spec in starts_of(definition.starts):
            start = kept.get((definition.key, spec.key))
            own = last.get(start.pk, []) if start is not None else []
            shown = [
                ShownRun(
                    moment_in_words(run.moment, zone),
                    run,
                    tickets.get(run.ticket_number or 0),
                    [
                        moment_in_words(datetime.fromisoformat(str(each)), zone)
                        for each in run.missed
                    ],
                )
                for run in own
            ]
            due = start.next_at if start is not None else None
            next_at = moment_in_words(due, zone) if due is not None else ""
            found.append(ShownStart(definition, spec, start, start_in_words(spec), next_at, shown))
    return found


def moment_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """With its weekday, as the clocks of the company show it."""
    local = moment.astimezone(zone)
    return f"{date_format(local, 'D')}, {date_format(local, 'DATETIME_FORMAT')}"


@register_page(
    TicketDefinition, "<int:object_id>/starts/", name="workflows_ticketdefinition_new_start"
)
class AddStartPage(ObjectPage, _StartsPage):
    """A new start of a ticket type. POST shows its next times, or with `save` saves it."""

    title = gettext_lazy("Recurring start")
    template_name = "starting/start.html"
    button: ClassVar[Button | None] = Button(
        gettext_lazy("Start by itself"), icon="event_repeat", order=40
    )
    also_refused = (FieldError,)

    object: TicketDefinition
    spec: StartSpec

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Any = None) -> bool:
        is_active = isinstance(obj, TicketDefinition) and obj.is_active
        return super().is_offered(request, obj) and is_active

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        if not self.object.is_active:
            raise TicketTypeNotOfferedError
        self.spec = self._spec(**arguments)

    def _spec(self, **arguments: Any) -> StartSpec:
        taken = {each.key for each in self._starts()}
        names = ("start", *(f"start_{number}" for number in range(2, MOST_STARTS + 2)))
        return StartSpec(next(each for each in names if each not in taken), working_day=-1)

    def _starts(self) -> list[StartSpec]:
        return list(starts_of(self.object.starts))

    def _kept(self) -> RecurringStart | None:
        rows = RecurringStart.objects.select_related("person")
        return rows.filter(type_key=self.object.key, key=self.spec.key).first()

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        kept = self._kept()
        person = kept.person if kept is not None else None
        form = StartForm(initial=StartForm.shown(self.spec, person))
        return self._show(form, self._answers_form(), spec=self.spec if kept else None)

    def _answers_form(self, data: Any = None) -> DocumentForm:
        workflow, presets = self.object.workflow, self.object.presets
        given = self.spec.answers
        if self._kept() is None and data is None:
            form = validator_for(workflow.fields, presets=presets)
            given = {**form.defaults(facts_for(form, {})), **given}
        # A start brings no files: what needs one is told when it is checked.
        asked = [each for each in objects_in(workflow.fields) if each.get("type") != "file"]
        return DocumentForm(list[Json](asked), given=given, presets=presets, data=data)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "remove" in request.POST:
            return self._remove()
        if rows_are_too_many(self.object.workflow.fields, data=request.POST):
            messages.error(request, gettext("These are more rows than can be read here."))
            return self.back()
        form, answers = StartForm(request.POST), self._answers_form(request.POST)
        if not (form.is_valid() & answers.is_valid()):
            return self._show(form, answers)
        person = self._person(form.cleaned_data["person"])
        spec = form.spec(self.spec, person, answers=answers.document_answers())
        if person is None:
            form.add_error("person", str(StartPersonError.message))
        validator = validator_for(self.object.workflow.fields, presets=self.object.presets)
        for problem in problems_of_start(spec, validator, facts_for(validator, spec.answers)):
            name = StartForm.PARTS.get(problem.name, problem.name)
            if name in form.fields:
                form.add_error(name, problem.message)
            else:
                form.add_error(None, problem.message)
        if form.errors:
            return self._show(form, answers)
        if "save" not in request.POST:
            return self._show(form, answers, spec=spec)
        return self._save(form, answers, spec)

    def _person(self, address: str) -> User | None:
        people = User.objects.active().filter(company=Company.objects.current())
        found = people.filter(email=plain_email(address)).first()
        return found if found is not None and may_submit(found, self.object) else None

    def _save(self, form: StartForm, answers: DocumentForm, spec: StartSpec) -> HttpResponse:
        starts = self._starts()
        is_new = all(each.key != spec.key for each in starts)
        changed = [spec if each.key == spec.key else each for each in starts]
        refused_kinds = (StartsRefusedError, TicketTypeChangedError)
        with refusals(*refused_kinds) as refused:
            with transaction.atomic():
                change_starts(
                    definition=self.object,
                    starts=[*changed, spec] if is_new else changed,
                    user=self.person,
                    expected=self.request.POST.get("marker", ""),
                )
                self._go_on()
            messages.success(self.request, gettext("The start is saved."))
            return self.back()
        form.add_error(None, refused.text)
        return self._show(form, answers)

    def _go_on(self) -> None:
        """What the system has paused goes on with the person who is named now."""
        kept = self._kept()
        if kept is not None and kept.paused in _PAUSES_OF_SYSTEM:
            resume_start(start_id=kept.pk, user=self.person, now=timezone.now())

    def _remove(self) -> HttpResponse:
        left = [each for each in self._starts() if each.key != self.spec.key]
        change_starts(definition=self.object, starts=left, user=self.person)
        messages.success(self.request, gettext("The start is removed."))
        return self.back()

    def _show(
        self, form: StartForm, answers: DocumentForm, *, spec: StartSpec | None = None
    ) -> HttpResponse:
        working_time = BusinessCalendar.objects.current().working_time()
        people = User.objects.active().filter(company=Company.objects.current())
        submitters = people.with_role(SystemRole.USER).order_by("first_name", "last_name", "pk")
        return self.show(
            definition=self.object,
            form=form,
            answers=answers,
            when=start_in_words(spec) if spec is not None else "",
            next_times=_next_times(spec, working_time) if spec is not None else [],
            has_times=spec is not None,
            zone=working_time.zone.key,
            marker=self.request.POST.get("marker") or ticket_type_marker(self.object),
            is_new=self._kept() is None,
            people=submitters[:MOST_NAMES],
            list_url=reverse(_LIST),
        )

    def back(self) -> HttpResponse:
        return redirect(_LIST)


def _next_times(spec: StartSpec, working_time: WorkingTime) -> list[str]:
    found = next_times(spec, working_time, after=timezone.now())
    return [moment_in_words(each, working_time.zone) for each in found]


@register_page(
    TicketDefinition,
    "<int:object_id>/starts/<slug:start_key>/",
    name="workflows_ticketdefinition_start",
)
class ChangeStartPage(AddStartPage):
    """A start that is there."""

    button = None

    def _spec(self, **arguments: Any) -> StartSpec:
        for each in self._starts():
            if each.key == arguments["start_key"]:
                return replace(each, answers=dict(each.answers))
        raise Http404
