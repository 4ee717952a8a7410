from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.fast.prepared import send
from tenants.models import User
from tenants.names import LONGEST_NAME, plain_name
from tickets.advancing.lock_task import lock_workable
from tickets.editing.kept_changes import asked_and_shown, specs_of_kept
from tickets.files.keep_file import lock_uploads
from tickets.models import SavedAnswers, Ticket
from tickets.models.saved_answers import digest_of_form
from tickets.saving.errors import TooManySavedAnswersError
from workflows.engine.problems import FieldProblem, dotted
from workflows.engine.process import JsonObject
from workflows.engine.values.storable import unstorable
from workflows.errors import InvalidDataError
from workflows.fields.answers.uploads import uploads_in
from workflows.models import TaskInstance, TicketDefinition

MOST_BYTES = 1_000_000
MOST_TICKETS = 100


@transaction.atomic
def save_ticket_answers(
    *, definition: TicketDefinition, slot: str, answers: JsonObject, user: User, title: str = ""
) -> SavedAnswers:
    """Keep a half-filled ticket, as it was typed. Saved again in the same slot: instead of it.

    Raises:
        InvalidDataError: the database cannot hold an answer, or they are too long.
        TooManySavedAnswersError: this person has MOST_TICKETS of them.
    """
    _ensure_storable(answers, title)
    saved = _lock_slot(slot, user=user, definition=definition)
    saved.ticket_definition = definition
    saved.title = plain_name(title)[:LONGEST_NAME]
    saved.answers = answers
    saved.form_digest = digest_of_form(definition.workflow.fields, definition.presets)
    saved.save()
    _keep_files(saved, definition.workflow.fields, Q(ticket=None, uploaded_by=user))
    return saved


def _lock_slot(slot: str, *, user: User, definition: TicketDefinition) -> SavedAnswers:
    """The slot's row, locked; made where there is none.

    Others may save, submit or discard the same one at this moment. Whoever makes it, the rest
    waits for it here; where it is gone after the wait, it is made anew.
    """
    own = SavedAnswers.objects.of(user).filter(task=None)
    in_slot = own.filter(slot=slot).select_for_update(no_key=True)
    while (saved := in_slot.first()) is None:
        if own.count() >= MOST_TICKETS:
            raise TooManySavedAnswersError
        row = SavedAnswers(user=user, slot=slot, ticket_definition=definition)
        SavedAnswers.objects.bulk_create([row], ignore_conflicts=True)
    return saved


@transaction.atomic
def save_task_answers(
    *, task: TaskInstance, answers: JsonObject, user: User, now: datetime | None = None
) -> SavedAnswers:
    """Keep the half-filled form of a task, as it was typed.

    Raises:
        InvalidDataError: the database cannot hold an answer, or they are too long.
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already.
    """
    _ensure_storable(answers)
    _manager, locked, ticket = lock_workable(task, user=user, now=now or timezone.now())
    return _save_of_task(locked, ticket, answers, user=user, sent_at=None)


def keep_sent_answers(
    *, task: TaskInstance, ticket: Ticket, answers: JsonObject, user: User, now: datetime
) -> SavedAnswers:
    """Keep what a person has completed a task with, in vain: it is tried again with it.

    The caller has locked the task and its ticket, and checked the answers against the form.
    """
    return _save_of_task(task, ticket, answers, user=user, sent_at=now)


def _save_of_task(
    task: TaskInstance,
    ticket: Ticket,
    answers: JsonObject,
    *,
    user: User,
    sent_at: datetime | None,
) -> SavedAnswers:
    saved, _created = SavedAnswers.objects.update_or_create(
        user=user,
        task=task,
        defaults={
            "answers": answers,
            "form_digest": digest_of_form(asked_and_shown(task.definition)),
            "sent_at": sent_at,
        },
    )
    usable = Q(ticket=None, uploaded_by=user) | Q(ticket=ticket)
    specs = specs_of_kept(task.definition, task.workflow_instance.workflow_id)
    _keep_files(saved, specs, usable)
    return saved


_SAVED = """
SELECT id FROM tickets_savedanswers
 WHERE user_id = %s AND slot = %s::varchar AND task_id IS NULL
   FOR UPDATE
"""


def forget_saved_answers(*, user: User, slot: str) -> None:
    """A ticket is submitted: what was saved of it on the way is not needed any more.

    Before its files are claimed: in this order `save_ticket_answers` takes the locks.
    """
    # Mostly there is nothing, and a prepared question costs a tenth of Django's delete().
    if send(_SAVED, (user.pk, slot)):
        SavedAnswers.objects.filter(user=user, task=None, slot=slot).delete()


@transaction.atomic
def discard_saved_answers(*, saved: SavedAnswers) -> None:
    """Throw away what somebody has begun to fill in, unless it is gone already.

    Behind the locks of whoever saves or sends the same form: a task's, or the row's own.
    """
    if saved.task_id is not None:
        TaskInstance.objects.select_for_update(no_key=True).filter(pk=saved.task_id).first()
    locked = SavedAnswers.objects.select_for_update().filter(pk=saved.pk).first()
    if locked is not None:
        locked.delete()


def _ensure_storable(answers: JsonObject, title: str = "") -> None:
    problems = [FieldProblem(dotted(path), text) for path, text in unstorable(answers)]
    problems += [FieldProblem("", text) for _path, text in unstorable(title)]
    if not problems and len(json.dumps(answers)) > MOST_BYTES:
        problems = [FieldProblem("", _("This is too much to be saved for later. Submit it now."))]
    if problems:
        raise InvalidDataError(problems)


def _keep_files(saved: SavedAnswers, fields: list[JsonObject], usable: Q) -> None:
    """Note the files that the answers name; one that may not be used is left out of them.

    The lock keeps `clean_up_uploads` from deleting one between here and the commit.
    """
    named = uploads_in(fields, saved.answers)
    keys = frozenset[UUID]().union(*named.values())
    found = {upload.uuid: upload for upload in lock_uploads(keys, usable)}
    gone = [name for name, uploads in named.items() if not uploads <= found.keys()]
    if gone:
        saved.answers = {name: v for name, v in saved.answers.items() if name not in gone}
        saved.save(update_fields=["answers"])
    saved.files.set(found.values())
