"""What went wrong and trying it again; and what would become of finished tickets in a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tenants.mcp.errors import NothingThereError
from tenants.mcp.once import record_act, run_once
from tenants.mcp.tool import LARGEST_ID, Call, JsonObject, Tool
from tenants.pages.links import admin_link
from tenants.tokens.scopes import Scope
from tickets.mcp.following import BEFORE, LIMIT
from tickets.mcp.parts import TICKET
from tickets.models import TicketError
from tickets.models.ticket import ticket_id_in, ticket_number
from tickets.repairing.retry_step import retry_step
from tickets.replaying.replay_tickets import MOST_TICKETS, PERMISSIONS, Onward, replay_tickets
from workflows.layouts.columns import layouts_of
from workflows.mcp.as_json import OBJECTS, TEXT, WHOLE, cut, result_of, when
from workflows.mcp.versions import VERSION, WORKFLOW, version_as_json, version_of

MOST_NUMBERS: Final = 20
MOST_GROUPS: Final = 50


def _list_errors(call: Call) -> JsonObject:
    errors = TicketError.objects.select_related("ticket__definition", "task__definition")
    errors = errors.defer(*layouts_of("task__definition"))
    if not call.arguments.get("with_resolved"):
        errors = errors.unresolved()
    if "ticket" in call.arguments:
        errors = errors.filter(ticket=ticket_id_in(call.text("ticket")) or 0)
    if "before" in call.arguments:
        errors = errors.filter(pk__lt=call.number("before"))
    most = call.number("limit", 20)
    rows = list(errors.order_by("-pk")[: most + 1])
    return {
        "errors": [_error(call, each) for each in rows[:most]],
        "next_before": rows[most - 1].pk if len(rows) > most else 0,
    }


def _error(call: Call, error: TicketError) -> JsonObject:
    return {
        "error": error.pk,
        "what": str(error.get_error_type_display()),
        "message": cut(error.message),
        "status": str(error.status),
        "ticket": error.ticket.number,
        "ticket_title": error.ticket.title,
        "type": error.ticket.definition.title,
        "task": error.task.definition.title if error.task else "",
        "at": when(error.created_at),
        "notes": cut(error.resolution_notes),
        "page": f"{call.address}{admin_link(error)}",
    }


LIST_ERRORS: Final = Tool(
    name="list_errors",
    title="List ticket errors",
    description=(
        "What went wrong with tickets and waits for a ticket admin, the newest first: what "
        "happened, where, and since when."
    ),
    scope=Scope.ERRORS_READ,
    permissions=("tickets.view_ticketerror", "tickets.view_ticket"),
    function=_list_errors,
    arguments={
        "ticket": TICKET,
        "with_resolved": {"type": "boolean", "description": "Those that are resolved, too."},
        "limit": LIMIT,
        "before": BEFORE,
    },
    output=result_of(errors=OBJECTS, next_before=WHOLE),
)


def _retry_step(call: Call) -> JsonObject:
    return run_once(call, lambda: _retried(call))


def _retried(call: Call) -> JsonObject:
    errors = TicketError.objects.select_related("ticket__definition", "task__definition")
    found = errors.filter(pk=call.number("error")).first()
    if found is None:
        raise NothingThereError
    retry_step(error=found, by=call.person, reason=call.text("reason"), now=call.now)
    record_act(call, about=found.ticket)
    found.refresh_from_db()
    return _error(call, found)


RETRY_STEP: Final = Tool(
    name="retry_step",
    title="Try a failed step again",
    description=(
        "Do the step that failed once more, and that step only: a call is made again, a decision "
        "taken again. Do it where the cause is gone, and say so in the reason, which stands in the "
        "ticket's history. Where it fails again there is a new error."
    ),
    scope=Scope.ERRORS_REPAIR,
    permissions=("tickets.view_ticketerror", "tickets.change_ticket"),
    function=_retry_step,
    writes=True,
    is_destructive=True,
    is_open_world=True,
    arguments={
        "error": {
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_ID,
            "description": "The number of the error, as list_errors says it.",
        },
        "reason": {
            "type": "string",
            "minLength": 3,
            "maxLength": 1_000,
            "description": "Why it will work now, for the colleagues who read the history.",
        },
    },
    required=("error", "reason"),
    output=result_of(("error", "status", "ticket"), error=WHOLE, status=TEXT, ticket=TEXT),
)


def _replay_draft(call: Call) -> JsonObject:
    workflow = version_of(call)
    replay = replay_tickets(
        workflow=workflow, limit=call.number("tickets", MOST_NUMBERS), by=call.person
    )
    return {
        **version_as_json(workflow),
        "count": replay.count,
        "same": replay.same,
        "divergences": [
            {
                "after": each.after,
                "time": each.time,
                "before": _onward(each.old),
                "now": _onward(each.new),
                "tickets": _numbers(numbers),
                "count": len(numbers),
            }
            for each, numbers in list(replay.divergences.items())[:MOST_GROUPS]
        ],
        "refusals": [
            {
                "form_of": each.task or "the ticket",
                "questions": list(each.fields),
                "tickets": _numbers(numbers),
                "count": len(numbers),
            }
            for each, numbers in list(replay.refusals.items())[:MOST_GROUPS]
        ],
        "errors": [
            {"ticket": ticket_number(number), "message": cut(message)}
            for number, message in list(replay.errors.items())[:MOST_GROUPS]
        ],
    }


def _onward(onward: Onward) -> JsonObject:
    if onward.task:
        return {"task": onward.task}
    return {"ends" if onward.kind == "end" else onward.kind: onward.label}


def _numbers(numbers: Sequence[int]) -> list[str]:
    return [ticket_number(each) for each in numbers[:MOST_NUMBERS]]


REPLAY_DRAFT: Final = Tool(
    name="replay_draft",
    title="Replay finished tickets",
    description=(
        "What would have become of the newest finished tickets of a workflow in this version of "
        "it: which would go another way, after which task, and which answers its forms would "
        "refuse. Nothing is saved and no call is made; that it was done stands in the audit log."
    ),
    scope=Scope.DEFINITIONS_DRAFT,
    permissions=PERMISSIONS,
    function=_replay_draft,
    is_dear=True,
    arguments={
        "workflow": WORKFLOW,
        "version": VERSION,
        "tickets": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_TICKETS,
            "description": "How many of the newest; left out: 20.",
        },
    },
    required=("workflow",),
    output=result_of(
        ("count", "same", "divergences", "refusals"),
        count=WHOLE,
        same=WHOLE,
        divergences=OBJECTS,
        refusals=OBJECTS,
        errors=OBJECTS,
    ),
)
TOOLS: Final = (LIST_ERRORS, RETRY_STEP, REPLAY_DRAFT)
