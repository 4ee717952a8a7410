from __future__ import annotations

from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.set_timers import follow_dates
from tickets.editing.change_answers import (
    claim_changed,
    earlier_answers,
    ensure_nothing_changed_since,
    problems_with_changes,
    write_changed,
)
from tickets.editing.kept_changes import changes_of, own_answers, seen_of
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import claim_files
from tickets.models import SavedAnswers
from tickets.repairing.begin_repair import Repair
from workflows.errors import InvalidDataError
from workflows.models import TaskInstance
from workflows.running.repair.check_output import check_output


def complete_kept_form(sent: SavedAnswers, task: TaskInstance, *, repair: Repair) -> bool:
    """Complete a form in error with the answers that its worker has sent; then move on.

    False, and nothing is changed, where they do not fit any more: the form was changed by a move
    to another version, a file is gone, or somebody has changed an earlier answer that they change.
    Then the worker is asked again, and finds them there.

    Raises:
        NothingToRetryError: the task is not in error (any more).
        WorkflowEndedError, WorkflowOnHoldError: the ticket does not run.
    """
    output, changes = own_answers(sent.answers), changes_of(sent.answers)
    fields, ticket = task.definition.fields, repair.ticket
    try:
        output = check_output(task.definition, output)
        asked = earlier_answers(task, ticket)
        ensure_nothing_changed_since(asked, seen_of(sent.answers))
        if problems := problems_with_changes(asked, changes):
            raise InvalidDataError(problems)
        claim_files(fields, output, ticket=ticket, user=sent.user)
        changed = claim_changed(asked, changes, ticket=ticket, user=sent.user)
    except (InvalidDataError, UnknownUploadError):
        return False

    def write_changes() -> None:
        write_changed(changed, step=task, ticket=ticket, manager=repair.manager)

    repair.manager.complete_kept(
        task, output=output, by=sent.user, reason=repair.reason, write_changes=write_changes
    )
    if changed:
        follow_dates(repair.ticket.pk, repair.manager)
    sent.delete()
    advance_after_commit(repair.ticket.pk)
    return True
