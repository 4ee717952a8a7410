"""The page on which running tickets are moved to the published version of their workflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.pages.links import admin_link
from tenants.pages.numbers import number_in
from tenants.pages.page import ObjectPage, register_page
from tenants.pages.refusals import refusals_in
from tickets.errors import TicketsError
from tickets.following.pages import progress
from tickets.following.pages.badges import ticket_badge
from tickets.models import Ticket
from tickets.models.ticket import ticket_number
from tickets.moving.move_tickets import MOST_AT_ONCE, TicketMove, move_tickets, preview_move
from tickets.moving.pages.renamed_form import RenamedTasksForm
from tickets.repairing.pages.base_page import RepairingPage
from tickets.repairing.pages.forms import RepairForm
from workflows.authoring.definitions.additions import Notice, version_notices
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.errors import NotPublishedError, RenamedTasksError
from workflows.models import WorkflowDefinition

# So many reasons of refusals are said after a move; the list says the rest.
MOST_REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class MovableRow:
    """A ticket on an older version, and why it cannot be moved, where it cannot."""

    ticket: Ticket
    where: str
    badge: SafeString
    refusal: str
    is_chosen: bool


@register_page(
    WorkflowDefinition,
    "<int:object_id>/move-tickets/",
    name="workflows_workflowdefinition_move_tickets",
)
class MoveTicketsPage(RepairingPage, ObjectPage):
    """For ticket admins. GET lists the tickets (`?ticket=7`: that one), POST moves those chosen."""

    template_name = "moving/move_tickets.html"
    refusal_level = messages.WARNING

    workflow: WorkflowDefinition

    def find(self, **arguments: Any) -> None:
        super().find(**arguments)
        self.workflow = self.object
        if not self.workflow.is_published:
            raise NotPublishedError

    def back(self) -> HttpResponse:
        """Somebody has published the next version, or retired this one."""
        versions = WorkflowDefinition.objects.versions_of(self.workflow.key)
        published = versions.published().first()
        return redirect(move_address(published) if published else "admin:tickets_ticket_changelist")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        only = number_in(request.GET.get("ticket", ""))
        return self._list(RepairForm(), chosen=() if only is None else (only,), only=only)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "look" in request.POST:
            return self._look_again(request)
        only = number_in(request.POST.get("only", ""))
        sent = (number_in(each) for each in request.POST.getlist("ticket"))
        chosen = {number for number in sent if number is not None}
        form = RepairForm(request.POST)
        if form.is_valid() and not chosen:
            form.add_error(None, _("Choose the tickets that are to be moved."))
        renaming = self._renaming(self._movable(only))
        renamed = renaming.chosen()
        if renaming.errors:
            form.add_error(None, _("Choose again which task stands for which."))
        if not form.is_valid():
            return self._list(form, chosen=chosen, only=only)
        tickets = Ticket.objects.filter(pk__in=chosen)
        reason = form.cleaned_data["reason"]
        with refusals_in(form, TicketsError, RenamedTasksError):
            moves = move_tickets(
                tickets=tickets,
                to=self.workflow,
                by=self.person,
                reason=reason,
                renamed=renamed,
            )
            self._show_result(request, moves)
            if only is not None and Ticket.objects.filter(pk=only).exists():
                return redirect("admin:tickets_ticket_change", only)
            return redirect(move_address(self.workflow))
        return self._list(form, chosen=chosen, only=only)

    def _look_again(self, request: HttpRequest) -> HttpResponse:
        """What could be moved with other tasks chosen; nothing is moved."""
        only = number_in(request.POST.get("only", ""))
        sent = (number_in(each) for each in request.POST.getlist("ticket"))
        form = RepairForm(initial={"reason": request.POST.get("reason", "")})
        return self._list(form, chosen={each for each in sent if each is not None}, only=only)

    def _show_result(self, request: HttpRequest, moves: Sequence[TicketMove]) -> None:
        moved = sum(move.is_moved for move in moves)
        if moved:
            text = ngettext(
                "%(count)d ticket was moved to version %(version)s.",
                "%(count)d tickets were moved to version %(version)s.",
                moved,
            )
            messages.success(request, text % {"count": moved, "version": self.workflow.version})
        refused = [move for move in moves if not move.is_moved]
        for move in refused[:MOST_REASONS]:
            text = _("%(number)s was not moved. %(reason)s")
            messages.warning(
                request, text % {"number": ticket_number(move.ticket_id), "reason": move.refusal}
            )
        if len(refused) > MOST_REASONS:
            count = len(refused) - MOST_REASONS
            text = ngettext(
                "%(count)d more ticket was not moved; the list says why.",
                "%(count)d more tickets were not moved; the list says why.",
                count,
            )
            messages.warning(request, text % {"count": count})

    def shell(self) -> dict[str, Any]:
        may_see = self.screen.has_view_permission(self.request)
        words = {"version": self.workflow.version}
        return {
            **super().shell(),
            "title": _("Move tickets to version %(version)s") % words,
            "original": None,
            # The way back up leads to the list of workflows, which is not for everybody here.
            "opts": self.screen.opts if may_see else Ticket._meta,
            "workflow": self.workflow,
            "workflow_url": admin_link(self.workflow) if may_see else "",
            "badge": definition_badge(self.workflow),
        }

    def _movable(self, only: int | None) -> list[Ticket]:
        older = Ticket.objects.on_older_versions(self.workflow).with_data_for_moving()
        shown = older if only is None else older.filter(pk=only)
        return list(shown.order_by("pk")[:MOST_AT_ONCE])

    def _renaming(self, tickets: Sequence[Ticket]) -> RenamedTasksForm:
        return RenamedTasksForm(
            self.request.POST if self.request.method == "POST" else None,
            versions={ticket.workflow_id for ticket in tickets},
            to=self.workflow,
        )

    def _list(self, form: RepairForm, *, chosen: Collection[int], only: int | None) -> HttpResponse:
        tickets = self._movable(only)
        renaming = self._renaming(tickets)
        rows = _rows(tickets, self.workflow, chosen, renaming.chosen())
        count = Ticket.objects.on_older_versions(self.workflow).count()
        return self.show(
            rows=rows,
            movable=sum(not row.refusal for row in rows),
            count=count,
            is_cut=only is None and count > len(rows),
            only=only,
            all_url=move_address(self.workflow),
            repair_form=form,
            renaming=renaming,
        )


def _rows(
    tickets: Sequence[Ticket],
    to: WorkflowDefinition,
    chosen: Collection[int],
    renamed: Mapping[str, str],
) -> list[MovableRow]:
    moves = preview_move(tickets=tickets, to=to, renamed=renamed)
    refusals = {move.ticket_id: move.refusal for move in moves}
    return [
        MovableRow(
            ticket=ticket,
            where=progress.position_in_words(ticket),
            badge=ticket_badge(ticket),
            refusal=refusals[ticket.pk],
            is_chosen=ticket.pk in chosen and not refusals[ticket.pk],
        )
        for ticket in tickets
    ]


def move_address(workflow: WorkflowDefinition) -> str:
    return reverse("admin:workflows_workflowdefinition_move_tickets", args=[workflow.pk])


def newer_version(ticket: Ticket) -> WorkflowDefinition | None:
    """The published version of a running ticket's workflow, where it runs on another."""
    if ticket.has_ended:
        return None
    published = WorkflowDefinition.objects.versions_of(ticket.workflow.key).published()
    return published.exclude(pk=ticket.workflow_id).first()


@version_notices.register
def tickets_on_older_versions(request: HttpRequest, workflow: WorkflowDefinition) -> Notice | None:
    """How many running tickets the published version could still take over."""
    if not workflow.is_published:
        return None
    count = Ticket.objects.on_older_versions(workflow).count()
    if not count:
        return None
    text = ngettext(
        "%(count)d ticket still runs on an older version.",
        "%(count)d tickets still run on older versions.",
        count,
    ) % {"count": count}
    if MoveTicketsPage.admits(request):
        return Notice(text, url=move_address(workflow), link=_("Move to this version"))
    return Notice(f"{text} {_('A ticket admin can move them to this one.')}")
