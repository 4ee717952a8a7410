"""Tickets and versions of their workflows: replaying finished ones, moving those that run."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.tokens.scopes import Scope
from tickets.models import Ticket
from tickets.moving.move_tickets import MOST_AT_ONCE
from tickets.moving.move_tickets import move_tickets as move
from tickets.replaying.replay_tickets import MOST_TICKETS, PERMISSIONS, Onward, replay_tickets
from workflows.api.definitions import version

router = Router(tags=["Workflows"])
MAY_MOVE: Final = ("tickets.change_ticket", "workflows.view_workflowdefinition")


class HowMany(Sent):
    tickets: int = Field(default=50, ge=1, le=MOST_TICKETS)


class Difference(Schema):
    """Where tickets would go another way than they went: the keys of tasks."""

    after: str
    before: str
    now: str
    tickets: list[int]


class Refused(Schema):
    """A form that refuses what was answered; `task` is empty for the ticket's own form."""

    task: str
    questions: list[str]
    tickets: list[int]


class Replayed(Schema):
    count: int
    same: int
    differences: list[Difference]
    refusals: list[Refused]
    errors: dict[str, str]


class Moving(Sent):
    tickets: list[Number] = Field(min_length=1, max_length=MOST_AT_ONCE)
    reason: str = Field(min_length=1, max_length=2_000)
    renamed: dict[str, str] = Field(
        default={}, description="Keys of tasks that it lacks, and which tasks stand for them."
    )


class Move(Sent):
    ticket: int
    is_moved: bool
    refusal: str


class Moves(Schema):
    items: list[Move]


@operation(
    router, "POST", "/workflows/{workflow_id}/replay", scope=Scope.DEFINITIONS_DRAFT,
    answer=Replayed, permissions=PERMISSIONS, is_dear=True,
)  # fmt: skip
def replay_workflow(request: HttpRequest, workflow_id: Number, asked: HowMany) -> Replayed:
    """Replay finished tickets in a version: which of them would go another way. Nothing changes."""
    person = holder_in(request).user
    found = replay_tickets(workflow=version(workflow_id), limit=asked.tickets, by=person)
    return Replayed(
        count=found.count,
        same=found.same,
        differences=[
            Difference(
                after=each.after, before=_next(each.old), now=_next(each.new), tickets=list(numbers)
            )
            for each, numbers in found.divergences.items()
        ],
        refusals=[
            Refused(task=each.task, questions=list(each.fields), tickets=list(numbers))
            for each, numbers in found.refusals.items()
        ],
        errors={str(number): str(text) for number, text in found.errors.items()},
    )


@operation(
    router, "POST", "/workflows/{workflow_id}/move", scope=Scope.DEFINITIONS_PUBLISH,
    answer=Moves, permissions=MAY_MOVE, is_dear=True,
)  # fmt: skip
def move_tickets(request: HttpRequest, workflow_id: Number, moving: Moving) -> Moves:
    """Let running tickets go on in the published version of their workflow."""
    moves = move(
        tickets=Ticket.objects.filter(pk__in=moving.tickets),
        to=version(workflow_id),
        by=holder_in(request).user,
        reason=moving.reason,
        renamed=moving.renamed,
    )
    items = [
        Move(ticket=each.ticket_id, is_moved=each.is_moved, refusal=str(each.refusal))
        for each in moves
    ]
    return Moves(items=items)


def _next(onward: Onward) -> str:
    return onward.task or f"{onward.kind} {onward.label}".strip()
