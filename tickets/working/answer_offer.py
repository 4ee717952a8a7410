"""What an assistant does with a task that is offered to it, and how its person takes it.

Whoever has the task answers for it. So the assistant acts for them: what it does is done as them,
through the assistant, and the history says “assistant X for person Y”.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from tenants.audit.acting import Through, acting_as, actor_of, current_actor
from tenants.models import User
from tickets.advancing.lock_task import lock_workable
from tickets.advancing.offers import end_offer
from tickets.editing.change_answers import claim_changed
from tickets.editing.kept_changes import kept_changes
from tickets.errors import ReasonMissingError
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import claim_files, hand_uploads_over
from tickets.models import AssistantOffer, OfferEnd
from tickets.models.assistant_offer import LONGEST_REASON
from tickets.working.complete_task import (
    Answers,
    complete_task,
    files_named,
    settled,
    with_files_as_kept,
)
from tickets.working.errors import OfferOverError
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError
from workflows.models import TaskInstance
from workflows.running.people.candidates import candidates_of
from workflows.running.state_manager import WorkflowStateManager

_END: Final = """
UPDATE tickets_assistantoffer SET ended_at = %s::timestamptz, why = %s::varchar
 WHERE id = %s::bigint
"""


def answer_offer(
    *,
    task: TaskInstance,
    account: User,
    output: JsonObject,
    changes: JsonObject | None = None,
    seen: Mapping[str, str] | None = None,
    now: datetime,
) -> OfferEnd:
    """Answer a task that is offered to this service account: complete it, or suggest an answer.

    Which of it the offer says. Answers that do not fit are refused, and are one of its tries. Files
    that the account has uploaded are its person's then, and those of a suggestion the ticket's.

    Raises:
        OfferOverError: it is not the assistant's any more, or never was; or whoever has the task
            may not be given it any more.
        TaskNotWorkableError, InvalidDataError, AnswersChangedMeanwhileError, UnknownUploadError,
            CompletionFailedError: as `complete_task`.
    """
    offer, person = _offer_of(task, account, now)
    answers = Answers(output, changes or {}, seen)
    # What the account sends for its person is the person's, who may have to send it once more.
    hand_uploads_over(files_named(answers, task), of=account, to=person)
    try:
        with acting_for(person, offer):
            if offer.is_checked:
                _suggest(task, person, offer, with_files_as_kept(answers, task, person), now)
                return OfferEnd.SUGGESTED
            complete_task(
                task=task,
                output=output,
                user=person,
                changes=changes,
                seen=seen,
                now=now,
                first=lambda manager, locked: _end_with(manager, locked, account),
            )
    except (InvalidDataError, UnknownUploadError):
        _count_try(task, person, offer, now)
        raise
    return OfferEnd.COMPLETED


def hand_back(*, task: TaskInstance, account: User, reason: str, now: datetime) -> None:
    """Give a task back to its person: in doubt, or as it cannot be done. They are told.

    Raises:
        ReasonMissingError: it says not why.
        OfferOverError: it is not the assistant's any more, or never was.
    """
    reason = reason.replace("\x00", "").strip()[:LONGEST_REASON]
    if not reason:
        raise ReasonMissingError
    offer, person = _offer_of(task, account, now)
    with acting_for(person, offer), transaction.atomic():
        manager, locked, ticket = lock_workable(task, user=person, now=now)
        end_offer(
            _still_open(locked, account.pk, now),
            task=locked,
            ticket=ticket,
            manager=manager,
            why=OfferEnd.HANDED_BACK,
            reason=reason,
        )


def take_from_assistant(*, task: TaskInstance, by: User, now: datetime) -> None:
    """Take one's own task from the assistant that is at it; nothing where none is.

    Raises:
        NotYourTaskError, TaskNotWorkableError: as `complete_task`.
    """
    with transaction.atomic():
        manager, locked, ticket = lock_workable(task, user=by, now=now)
        offer = AssistantOffer.objects.filter(task=locked.pk, ended_at=None).first()
        if offer is not None:
            end_offer(offer, task=locked, ticket=ticket, manager=manager, why=OfferEnd.TAKEN)


def _offer_of(task: TaskInstance, account: User, now: datetime) -> tuple[AssistantOffer, User]:
    """The open offer of a task to this account, and who has the task."""
    offers = AssistantOffer.objects.open(now=now).of_account(account).filter(task=task.pk)
    offer = offers.select_related("task__assigned_to").first()
    if offer is None or offer.task.assigned_to is None:
        raise OfferOverError
    return offer, offer.task.assigned_to


@contextmanager
def acting_for(person: User, offer: AssistantOffer) -> Iterator[None]:
    """As the person, through the assistant: by whichever token the account acts."""
    acting = current_actor()
    token, number = (acting.through.token, acting.through.number) if acting.through else ("", 0)
    through = Through(token=token, number=number, assistant=offer.called)
    with acting_as(actor_of(person, sender=acting.sender, through=through)):
        yield


def _still_open(task: TaskInstance, account_id: int, now: datetime) -> AssistantOffer:
    """The offer as it is under the locks."""
    offer = AssistantOffer.objects.filter(task=task.pk, account=account_id).first()
    if offer is None or not offer.is_open(now=now):
        raise OfferOverError
    return offer


def _ensure_may_have(task: TaskInstance) -> None:
    """Nothing is done in the name of somebody who has left, or has lost the role meanwhile.

    Raises:
        OfferOverError
    """
    person = task.assigned_to
    if person is None or not candidates_of(task).may_have(person):
        raise OfferOverError


def _end_with(manager: WorkflowStateManager, locked: TaskInstance, account: User) -> None:
    """The offer ends with the task, in the statement that completes it; its event says by whom."""
    offer = _still_open(locked, account.pk, manager.now)
    _ensure_may_have(locked)
    manager.execute_with_next_write(_END, manager.now, OfferEnd.COMPLETED.value, offer.pk)


def _suggest(
    task: TaskInstance, person: User, offer: AssistantOffer, answers: Answers, now: datetime
) -> None:
    with transaction.atomic():
        manager, locked, ticket = lock_workable(task, user=person, now=now)
        manager.ensure_workable(locked)
        found = _still_open(locked, offer.account_id, now)
        _ensure_may_have(locked)
        _output, asked = settled(manager, locked, ticket, answers)
        claim_files(locked.definition.fields, answers.output, ticket=ticket, user=person)
        claim_changed(asked, answers.changes, ticket=ticket, user=person)
        kept = {**answers.output, **kept_changes(answers.changes, answers.seen)}
        end_offer(
            found,
            task=locked,
            ticket=ticket,
            manager=manager,
            why=OfferEnd.SUGGESTED,
            answers=kept,
        )


def _count_try(task: TaskInstance, person: User, offer: AssistantOffer, now: datetime) -> None:
    """One try less; with the last one the person has the task."""
    with transaction.atomic():
        manager, locked, ticket = lock_workable(task, user=person, now=now)
        found = _still_open(locked, offer.account_id, now)
        AssistantOffer.objects.filter(pk=found.pk).update(tries_left=F("tries_left") - 1)
        if found.tries_left <= 1:
            found.tries_left = 0
            end_offer(found, task=locked, ticket=ticket, manager=manager, why=OfferEnd.OUT_OF_TRIES)
