from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models import User
from tenants.prepared import send
from tickets.errors import TooManySavedAnswersError
from tickets.models import FileUpload, SavedAnswers, TicketDefinition
from tickets.models.saved_answers import digest_of_form
from tickets.services.complete_task import lock_workable
from workflows.engine.problems import FieldProblem, dotted
from workflows.engine.process import JsonObject
from workflows.engine.storable import unstorable
from workflows.errors import InvalidDataError
from workflows.models import TaskInstance

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
    own = SavedAnswers.objects.of_tickets(user)
    if not own.filter(slot=slot).exists() and own.count() >= MOST_TICKETS:
        raise TooManySavedAnswersError
    saved, _created = SavedAnswers.objects.update_or_create(
        user=user,
        slot=slot,
        task=None,
        defaults={
            "ticket_definition": definition,
            "title": title.strip()[:200],
            "answers": answers,
            "form_digest": digest_of_form(definition.workflow.fields, definition.presets),
        },
    )
    _keep_files(saved, Q(ticket=None, uploaded_by=user))
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
    saved, _created = SavedAnswers.objects.update_or_create(
        user=user,
        task=locked,
        defaults={"answers": answers, "form_digest": digest_of_form(locked.definition.fields)},
    )
    _keep_files(saved, Q(ticket=None, uploaded_by=user) | Q(ticket=ticket))
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


def _ensure_storable(answers: JsonObject, title: str = "") -> None:
    problems = [FieldProblem(dotted(path), text) for path, text in unstorable(answers)]
    problems += [FieldProblem("", text) for _path, text in unstorable(title)]
    if not problems and len(json.dumps(answers)) > MOST_BYTES:
        problems = [FieldProblem("", _("This is too much to be saved for later. Submit it now."))]
    if problems:
        raise InvalidDataError(problems)


def _keep_files(saved: SavedAnswers, usable: Q) -> None:
    """Note the files that the answers name; one that may not be used is left out of them.

    The lock keeps `clean_up_uploads` from deleting one between here and the commit.
    """
    keys = {name: key for name, value in saved.answers.items() if (key := _upload_in(value))}
    uploads = FileUpload.objects.select_for_update(no_key=True).filter(usable)
    uploads = uploads.filter(uuid__in=keys.values())
    found = {upload.uuid: upload for upload in uploads.order_by("pk")}
    gone = [name for name, key in keys.items() if key not in found]
    if gone:
        saved.answers = {name: v for name, v in saved.answers.items() if name not in gone}
        saved.save(update_fields=["answers"])
    saved.files.set(found.values())


def _upload_in(value: object) -> uuid.UUID | None:
    """The key in the answer to a question for a file; None for any other answer."""
    if not isinstance(value, Mapping):
        return None
    try:
        return uuid.UUID(str(value.get("upload")))
    except ValueError:
        return None
