"""A form that begins with an old ticket of one's own: copied, or reopened as a follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.models import User
from tenants.pages.buttons import Button
from tenants.pages.numbers import number_in
from tenants.pages.page import ObjectPage, register_page
from tickets.files.pages.uploads import UploadKeeper
from tickets.models import MyTicket, Ticket
from tickets.numbering.name_ticket import name_ticket
from tickets.submitting.errors import MayNotSubmitError
from tickets.submitting.old_answers import old_answers
from tickets.submitting.pages.offered import offered_now
from tickets.submitting.reopen_ticket import ensure_may_reopen, reopened_until
from workflows.fields.answers.validation import validator_for
from workflows.forms import AnswersForm
from workflows.models import TicketDefinition

COPY = "copy"
REOPENS = "reopens"


@dataclass(frozen=True, slots=True)
class BegunFrom:
    """The old ticket; `reopens`: what is submitted becomes its follow-up."""

    ticket: Ticket
    reopens: bool

    @property
    def query(self) -> dict[str, int]:
        """As the address of the form names it."""
        return {REOPENS if self.reopens else COPY: self.ticket.pk}

    def form(self, request: HttpRequest, definition: TicketDefinition, person: User) -> AnswersForm:
        """The form with the old answers that fit it; says which do not.

        Raises:
            FieldError: the form is broken.
        """
        found = old_answers(self.ticket, definition, keeper=UploadKeeper(user=person))
        if found.left_out:
            text = gettext(
                "Not copied, as it is a file or does not fit the form any more: %(names)s."
            )
            messages.warning(request, text % {"names": ", ".join(found.left_out)})
        return AnswersForm(
            definition.workflow.fields, presets=definition.presets, initial_answers=found.answers
        )

    def title(self) -> str:
        """The old title, where its submitter gave one."""
        ticket = self.ticket
        old = validator_for(ticket.workflow.fields, presets=ticket.definition.presets)
        made = name_ticket(
            definition=ticket.definition, fields=old.fields.values(), answers=ticket.data
        )
        return "" if ticket.title == made else ticket.title


def begun_from(request: HttpRequest, person: User) -> BegunFrom | None:
    """The old ticket that the address names; None where it names none.

    Raises:
        Http404: it names one that is not this person's.
    """
    for name in (REOPENS, COPY):
        text = request.GET.get(name, "")
        if text:
            number = number_in(text)
            own = Ticket.objects.submitted_by(person).select_related(
                "definition", "workflow", "workflow_instance"
            )
            ticket = None if number is None else own.filter(pk=number).first()
            if ticket is None:
                raise Http404
            return BegunFrom(ticket, reopens=name == REOPENS)
    return None


class _NewFromOldPage(ObjectPage):
    """Leads to the form, in the version of today."""

    permissions = ("tickets.view_myticket", "tickets.add_myticket")

    object: MyTicket

    def _offered(self) -> TicketDefinition:
        found = offered_now(self.object.definition, self.person)
        if found is None:
            raise MayNotSubmitError
        return found

    def _to_form(self, definition: TicketDefinition, name: str) -> HttpResponse:
        query = {"definition": definition.pk, name: self.object.pk}
        return redirect(reverse("admin:tickets_myticket_add", query=query))


@register_page(MyTicket, "<path:object_id>/copy/", name="tickets_myticket_copy")
class CopyPage(_NewFromOldPage):
    """GET leads to the form of a new ticket with the answers of this one."""

    button = Button(gettext_lazy("Copy"), icon="content_copy", order=10)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._to_form(self._offered(), COPY)


@register_page(MyTicket, "<path:object_id>/reopen/", name="tickets_myticket_reopen")
class ReopenPage(_NewFromOldPage):
    """GET leads to the form of a follow-up with the answers of this one."""

    button = Button(gettext_lazy("Reopen"), icon="replay", order=20)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        """One query for a ticket that has ended."""
        if not (super().is_offered(request, obj) and isinstance(obj, MyTicket) and obj.has_ended):
            return False
        active = TicketDefinition.objects.active().filter(key=obj.definition.key)
        until = [reopened_until(obj, each) for each in active.only("key", "reopen_days")]
        return any(each is not None and each >= timezone.now() for each in until)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        definition = self._offered()
        ensure_may_reopen(self.object, definition, user=self.person, now=timezone.now())
        return self._to_form(definition, REOPENS)
