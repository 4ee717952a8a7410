from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import AuditKind, declare
from tenants.models import User
from tickets.advancing.timers import follow_dates
from tickets.editing.change_answers import differences
from tickets.files.keep_file import claim_files
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import Repair, begin_repair, repair_transaction
from tickets.repairing.retry_step import retry_locked
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError, NothingChangedError
from workflows.fields.answers.validation import validator_for
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TaskInstance

DATA_CORRECTED = declare("tickets.data_corrected", _("Corrected what was submitted"))
OUTPUT_CORRECTED = declare("tickets.output_corrected", _("Corrected the output of a task"))
INPUT_CORRECTED = declare("tickets.input_corrected", _("Corrected what a call sends"))


def correct_ticket_data(
    *,
    ticket: Ticket,
    data: JsonObject,
    by: User,
    reason: str,
    expected: str | None = None,
    then_retry: TicketError | None = None,
    now: datetime | None = None,
) -> None:
    """Put other answers in the place of what was submitted, and retry where asked to.

    `data` holds all answers to the fields that are asked, as in `submit_ticket`; presets stay
    as they are. What has been decided or sent already stays decided. The history keeps the
    old and the new values. `expected` and `then_retry` as in `retry_step`; both happen, or
    neither.

    Raises:
        InvalidDataError: the data does not fit the form; it lists every problem.
        UnknownUploadError: the data names a file of neither this person nor this ticket.
        NothingChangedError: it is the same, and nothing is to be retried.
        WorkflowEndedError: the ticket has ended.
        And what `retry_step` raises.
    """
    with repair_transaction():
        repair = begin_repair(
            DATA_CORRECTED, ticket_id=ticket.pk, by=by, reason=reason, expected=expected, now=now
        )
        repair.manager.ensure_not_ended()
        locked = repair.ticket
        fields = locked.workflow.fields
        # As the ticket has them: its type may have other presets by now.
        presets = {key: locked.data[key] for key in locked.definition.presets if key in locked.data}
        form = validator_for(fields, presets=presets)
        facts = facts_for(form, data, kept=locked.data)
        data = form.settled(data, facts)
        problems = form.validate(data, facts)
        if problems:
            raise InvalidDataError(problems)
        corrected = {**presets, **data}
        old, new = differences(locked.data, corrected)
        if old or new:
            claim_files(fields, data, ticket=locked, user=by)
            locked.data = corrected
            repair.manager.update_with_next_write(locked, "data", "updated_at")
            repair.manager.record_change(what="ticket", old=old, new=new, reason=repair.reason)
            repair.manager.give_out_by_answers(reason=repair.reason)
            follow_dates(locked.pk, repair.manager)
        elif then_retry is None:
            raise NothingChangedError
        if then_retry is not None:
            retry_locked(repair, error=then_retry)


def correct_task_output(
    *,
    task: TaskInstance,
    output: JsonObject,
    by: User,
    reason: str,
    expected: str | None = None,
    then_retry: TicketError | None = None,
    now: datetime | None = None,
) -> None:
    """Put another output in the place of a task's, for the conditions and calls that follow.

    For a task that has been completed, or whose next transition was not decided; one without an
    output is for `finish_task_by_hand`. The history keeps both outputs. `expected` and
    `then_retry` as in `retry_step`; both happen, or neither.

    Raises:
        InvalidDataError: the output does not fit the form, or the output schema.
        OutputReplacedError: it has no output, or a later one has taken its place.
        UnknownUploadError: the output names a file of neither this person nor this ticket.
        NothingChangedError: it is the same.
        WorkflowEndedError: the ticket has ended.
        And what `retry_step` raises.
    """
    with _repair_of(
        OUTPUT_CORRECTED,
        task,
        by=by,
        reason=reason,
        expected=expected,
        then_retry=then_retry,
        now=now,
    ) as (repair, locked):
        repair.manager.correct_output(locked, output=output, reason=repair.reason)
        if locked.definition.is_form:
            claim_files(locked.definition.fields, output, ticket=repair.ticket, user=by)
        repair.manager.give_out_by_answers(reason=repair.reason)
        follow_dates(repair.ticket.pk, repair.manager)


def correct_task_input(
    *,
    task: TaskInstance,
    body: JsonObject,
    by: User,
    reason: str,
    expected: str | None = None,
    then_retry: TicketError | None = None,
    now: datetime | None = None,
) -> None:
    """Let a call that failed send something else than what its input transform makes.

    For this task of this ticket, from the next attempt on. The history keeps both. `expected`
    and `then_retry` as in `retry_step`; both happen, or neither.

    Raises:
        InvalidDataError: the body does not fit the input schema.
        InputNotCorrectableError: the task is no call, is not in ERROR, or is answered later.
        NothingChangedError: it is the same.
        And what `retry_step` raises.
    """
    with _repair_of(
        INPUT_CORRECTED,
        task,
        by=by,
        reason=reason,
        expected=expected,
        then_retry=then_retry,
        now=now,
    ) as (repair, locked):
        repair.manager.correct_input(locked, body=body, reason=repair.reason)


@contextmanager
def _repair_of(
    kind: AuditKind,
    task: TaskInstance,
    *,
    by: User,
    reason: str,
    expected: str | None,
    then_retry: TicketError | None,
    now: datetime | None,
) -> Iterator[tuple[Repair, TaskInstance]]:
    """A repair of the task's ticket, and the task as it stands now; what is asked for is retried.

    Both are one transaction.
    """
    with repair_transaction():
        owner = Ticket.objects.get(workflow_instance=task.workflow_instance_id)
        repair = begin_repair(
            kind, task=task, ticket_id=owner.pk, by=by, reason=reason, expected=expected, now=now
        )
        yield repair, repair.manager.read_task(task.pk)
        if then_retry is not None:
            retry_locked(repair, error=then_retry)
