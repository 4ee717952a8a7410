from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.models import User
from tickets.advancing.after_move import end_cancelled
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.files.keep_file import claim_files
from tickets.models import Ticket
from tickets.repairing.begin_repair import begin_repair, repair_transaction, sentence_with_person
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance

FINISHED = declare("tickets.task_finished", gettext_lazy("Finished a task by hand"))


def finish_task_by_hand(
    *,
    task: TaskInstance,
    output: JsonObject,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
) -> None:
    """Complete a task in the place of its worker or of the other system; then move on.

    For every task that is not completed or cancelled, one in ERROR too: its errors are
    resolved. The answer of a call that is under way changes nothing any more.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        TaskNotWorkableError: it was completed or cancelled in the meantime.
        WorkflowEndedError, WorkflowOnHoldError: the ticket does not run.
        InvalidDataError: the output does not fit the form, or the output schema.
        UnknownUploadError: the output names a file of neither this person nor this ticket.
    """
    with repair_transaction():
        owner = Ticket.objects.get(workflow_instance=task.workflow_instance_id)
        repair = begin_repair(
            FINISHED,
            task=task,
            ticket_id=owner.pk,
            by=by,
            reason=reason,
            expected=expected,
            now=now,
        )
        locked = repair.manager.read_task(task.pk)
        move = repair.manager.finish_task(locked, output=output, reason=repair.reason)
        end_cancelled(repair.ticket, move, now=repair.manager.now)
        if locked.definition.is_form:
            claim_files(locked.definition.fields, output, ticket=repair.ticket, user=by)
        elif locked.definition.is_call:
            cancel_jobs_of_task(locked, now=repair.manager.now)
        follow_subtickets([locked], ticket_id=repair.ticket.pk)
        repair.resolve_errors_of(
            locked, how=sentence_with_person(_("Finished by hand by %(person)s:"), by)
        )
        advance_after_commit(repair.ticket.pk)
