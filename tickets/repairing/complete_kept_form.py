from __future__ import annotations

from tickets.advancing.safety_net import advance_after_commit
from tickets.errors import UnknownUploadError
from tickets.files.keep_file import claim_files
from tickets.models import SavedAnswers
from tickets.repairing.begin_repair import Repair
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.models import TaskInstance
from workflows.running.check_output import check_output


def complete_kept_form(sent: SavedAnswers, task: TaskInstance, *, repair: Repair) -> bool:
    """Complete a form in error with the answers that its worker has sent; then move on.

    False, and nothing is changed, where they do not fit any more: the form was changed by a move
    to another version, or a file is gone. Then the worker is asked again, and finds them there.

    Raises:
        NothingToRetryError: the task is not in error (any more).
        WorkflowEndedError, WorkflowOnHoldError: the ticket does not run.
    """
    output: JsonObject = sent.answers
    fields = task.definition.fields
    try:
        output = check_output(task.definition, output)
        claim_files(fields, output, ticket=repair.ticket, user=sent.user)
    except (InvalidDataError, UnknownUploadError):
        return False
    repair.manager.complete_kept(task, output=output, by=sent.user, reason=repair.reason)
    sent.delete()
    advance_after_commit(repair.ticket.pk)
    return True
