from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from tenants.fast.seals import SealedTable
from tenants.models.company import prefix_of_tickets
from tenants.names import LONGEST_NAME
from workflows.engine.process import EndOutcome, JsonObject
from workflows.models import (
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.models.composed_json import ComposedJson
from workflows.models.ticket_definition import TicketDefinition
from workflows.models.workflow_instance import ENDED, RUNNING
from workflows.priorities import Priority, urgency
from workflows.running.sealing import HISTORY

if TYPE_CHECKING:
    from tenants.models import Company, User


class TicketQuerySet(models.QuerySet["Ticket"]):
    def submitted_by(self, user: User) -> TicketQuerySet:
        return self.filter(created_by=user)

    def of_type(self, key: str) -> TicketQuerySet:
        """Of every version of a ticket type: their numbers first, of which Postgres knows how many
        tickets each has. Joined, it would guess, and sort them all."""
        versions = TicketDefinition.objects.filter(key=key).values_list("pk", flat=True)
        return self.filter(definition__in=list(versions))

    def running(self) -> TicketQuerySet:
        """Tickets that have not ended; one whose workflow could not be made is among them.

        Each of the two is found by an index of its own, and an OR of both by none.
        """
        return self.filter(
            pk__in=_ids(workflow_instance__status__in=RUNNING).union(
                _ids(workflow_instance=None), all=True
            )
        )

    def going_on(self) -> TicketQuerySet:
        """As people count them: running, and not cancelled with something left to clean up."""
        return self.running().exclude(workflow_instance__was_cancelled=True)

    def over(self) -> TicketQuerySet:
        """As people count them: ended, or cancelled with something left to clean up.

        All that do not go on: those are few, and found by the indexes of what runs. What has ended
        is nearly everything, which a list of the newest would look up for its one page.
        """
        runs = _ids(workflow_instance__status__in=RUNNING, workflow_instance__was_cancelled=False)
        return self.exclude(pk__in=runs.union(_ids(workflow_instance=None), all=True))

    def cancelled(self) -> TicketQuerySet:
        """Withdrawn or cancelled, also where something is left to clean up."""
        of_status = _ids(workflow_instance__status=WorkflowStatus.CANCELLED)
        return self.filter(pk__in=of_status.union(_cleaning_up(), all=True))

    def waiting_for_requester(self) -> TicketQuerySet:
        """Those whose task waits for an answer of who submitted them."""
        in_branch = TaskInstance.objects.waiting_for_answer().filter(
            workflow_instance=OuterRef("workflow_instance"), path__isnull=False
        )
        on_main_path = Q(
            workflow_instance__current_task__status=TaskStatus.PENDING,
            workflow_instance__current_task__assigned_to__isnull=False,
        )
        return self.running().filter(on_main_path | Q(Exists(in_branch)))

    def ended(self) -> TicketQuerySet:
        return self.filter(workflow_instance__status__in=ENDED)

    def on_older_versions(self, workflow: WorkflowDefinition) -> TicketQuerySet:
        """Running tickets of the same workflow that do not run on this version of it."""
        return self.running().filter(workflow__key=workflow.key).exclude(workflow=workflow)

    def with_data_for_moving(self) -> TicketQuerySet:
        """With what decides whether each fits another version, in one query."""
        return self.with_progress().select_related("workflow")

    def with_progress(self) -> TicketQuerySet:
        """With what a list shows of each ticket, in one query."""
        return self.select_related(
            "definition",
            "created_by",
            "workflow_instance__current_task__definition",
            "workflow_instance__current_task__assigned_to",
        )


def _ids(**conditions: Any) -> Any:
    return Ticket.objects.filter(**conditions).order_by().values("pk")


def _cleaning_up() -> Any:
    """By the index of what runs."""
    return _ids(workflow_instance__status__in=RUNNING, workflow_instance__was_cancelled=True)


# More make a number that no id can be.
MOST_DIGITS: Final = 18


def ticket_number(pk: int | None) -> str:
    """What people call the ticket with this id: “#12”, or “ACME-12” where the company says so."""
    prefix = prefix_of_tickets()
    return f"{prefix}-{pk}" if prefix else f"#{pk}"


def ticket_id_in(term: str) -> int | None:
    """The id of the ticket that somebody has typed: 12, #12 or ACME-12; None: it is no number."""
    prefix = prefix_of_tickets()
    typed = term.strip()
    if prefix and typed.upper().startswith(f"{prefix}-"):
        typed = typed[len(prefix) + 1 :]
    digits = typed.removeprefix("#")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    return int(digits) if is_number else None


class Ticket(models.Model):
    """What a person submitted. What people call it is its id, after the company's prefix."""

    # Whether a webhook may have to be told of a step. False only where the query that begins the
    # step has seen that there is none (`webhook.WATCHED`).
    is_watched = True

    title = models.CharField(_("title"), max_length=LONGEST_NAME)
    definition = models.ForeignKey(
        TicketDefinition,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("ticket type"),
    )
    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("workflow"),
        help_text=_("The version that the ticket's data was checked against, and runs on."),
    )
    workflow_instance = models.OneToOneField(
        WorkflowInstance,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ticket",
        verbose_name=_("workflow instance"),
    )
    data = models.JSONField(_("data"), encoder=ComposedJson, default=dict, blank=True)
    # Empty: normal. Read `priority_level`.
    priority = models.CharField(
        _("priority"), max_length=20, blank=True, default="", db_default="", editable=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="tickets",
        db_index=False,  # `ticket_of_a_person` begins with it
        verbose_name=_("submitted by"),
    )
    contact = models.ForeignKey(
        "workflows.Contact",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        db_index=False,  # hardly a ticket has one
        verbose_name=_("contact"),
        help_text=_("Somebody outside who has begun it, in the name of its requester."),
    )
    created_at = models.DateTimeField(_("submitted at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects: ClassVar[TicketQuerySet] = TicketQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ("-pk",)
        permissions = (("view_report", _("Can see the report")),)
        indexes = (
            models.Index(fields=("created_by", "-id"), name="ticket_of_a_person"),
            models.Index(fields=("created_at",), name="ticket_submitted"),
            models.Index(
                fields=("contact",), condition=Q(contact__isnull=False), name="ticket_of_a_contact"
            ),
            # What the list of all tickets sorts by, both ways: a column beside it would have to be
            # kept right by whatever writes the priority.
            models.Index(urgency("priority"), F("id").desc(), name="ticket_by_urgency"),
            # Those whose workflow could not be made: see `running`.
            models.Index(
                fields=("id",),
                condition=Q(workflow_instance__isnull=True),
                name="ticket_without_workflow",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        """What people call it."""
        return ticket_number(self.pk)

    @property
    def status(self) -> WorkflowStatus:
        """The status of its workflow; NOT_STARTED until there is one."""
        if self.workflow_instance is None:
            return WorkflowStatus.NOT_STARTED
        return WorkflowStatus(self.workflow_instance.status)

    @property
    def priority_level(self) -> Priority:
        return Priority.named(self.priority)

    @staticmethod
    def ended_as(outcome: EndOutcome) -> Q:
        """Those whose workflow came to an end of this outcome: see WorkflowInstance.end_outcome."""
        said = [outcome.value, ""] if outcome is EndOutcome.GOOD else [outcome.value]
        return Q(
            workflow_instance__status=WorkflowStatus.COMPLETED, workflow_instance__outcome__in=said
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether it was withdrawn or cancelled, although it may have something to clean up."""
        instance = self.workflow_instance
        return self.status == WorkflowStatus.CANCELLED or (
            instance is not None and instance.cleans_up
        )

    @property
    def is_to_begin(self) -> bool:
        """Whether its first step, or the first after it was cancelled, is still to be taken."""
        instance = self.workflow_instance
        return self.status == WorkflowStatus.NOT_STARTED or (
            instance is not None and instance.is_to_clean_up
        )

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    def facts(self, company: Company) -> JsonObject:
        """What conditions and transforms may read of the ticket (all but `tasks`)."""
        return {
            "ticket": self.data,
            "submitter": {
                "email": self.created_by.email,
                "first_name": self.created_by.first_name,
                "last_name": self.created_by.last_name,
            },
            "company": {"name": company.name},
            "number": self.pk,
        }


HISTORY.tables.append(
    SealedTable(
        Ticket,
        "ticket",
        "workflow_instance_id",
        exempt={"updated_at": "says only when it was written last"},
        later=("priority", "contact_id"),
    )
)
