from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.models import User
from tickets.advancing.timers import restart_timers
from tickets.models import Ticket
from tickets.repairing.begin_repair import begin_repair, repair_transaction, sentence_with_person
from workflows.models import TaskInstance, TaskStatus

REASSIGNED = declare("tickets.task_reassigned", gettext_lazy("Gave a task to somebody else"))


def reassign_task(
    *,
    task: TaskInstance,
    to: User | None,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
    from_deputy: bool = False,
    against_rule: bool = False,
) -> None:
    """Give a form to somebody else. None: to whoever's turn it is; to nobody where all are away.

    `to` may be away: then their deputy gets it, if they have one who may be given it.
    `from_deputy`: a deputy who has it already does not keep it; `to` gets it. A form in ERROR is
    to be filled in again, and its errors are resolved. Choose among
    `workflows.running.people.candidates.candidates_of(task).people()`; `against_rule`: or any task
    worker, where the task's definition has a rule of its own, and the history says so.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        CannotReassignError: it is a call, or it was completed or cancelled in the meantime.
        WorkerNotEligibleError: `to` is not active, no task worker of this company, or not in
            the task's company role.
        NothingChangedError: `to` has it already, or their deputy.
        WorkflowEndedError: the ticket has ended.
    """
    with repair_transaction():
        owner = Ticket.objects.get(workflow_instance=task.workflow_instance_id)
        repair = begin_repair(
            REASSIGNED,
            task=task,
            ticket_id=owner.pk,
            by=by,
            reason=reason,
            expected=expected,
            now=now,
        )
        locked = repair.manager.read_task(task.pk)
        had_failed = locked.status == TaskStatus.ERROR
        repair.manager.reassign(
            locked,
            to=to,
            reason=repair.reason,
            from_deputy=from_deputy,
            against_rule=against_rule,
        )
        if had_failed:  # its time is over, or counted while nobody could do it
            restart_timers(ticket_id=owner.pk, task=locked, now=repair.manager.now)
        repair.resolve_errors_of(
            locked, how=sentence_with_person(_("Given to somebody by %(person)s:"), by)
        )
