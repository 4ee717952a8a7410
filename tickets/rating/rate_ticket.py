from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from tenants.models import User
from tickets.advancing.lock_ticket import lock_ticket
from tickets.errors import NotYourTicketError
from tickets.models import Rating, Score, Ticket
from tickets.models.rating import LONGEST_COMMENT
from tickets.rating.errors import CannotRateError, CommentTooLongError
from workflows.engine.values.composed import composed_text
from workflows.models import WorkflowStatus

# After its end a ticket may be rated for so long, and the rating be changed.
RATED_WITHIN: Final = timedelta(days=30)


def rate_ticket(
    *, ticket: Ticket, user: User, score: Score, comment: str | None = "", now: datetime
) -> Rating:
    """Say how satisfied the requester is; said again, it takes the place of what was said before.

    `comment` None leaves what they wrote before.

    Raises:
        NotYourTicketError: somebody else submitted it.
        CannotRateError: its type does not ask, it did not come to an end by itself, or that is too
            long ago.
        CommentTooLongError
    """
    if comment is not None:
        comment = composed_text(comment.replace("\x00", "").replace("\r\n", "\n")).strip()
        if len(comment) > LONGEST_COMMENT:
            raise CommentTooLongError(LONGEST_COMMENT)
    with transaction.atomic():
        locked = lock_ticket(ticket.pk)
        if locked.created_by_id != user.pk:
            raise NotYourTicketError
        if not may_be_rated(locked, now=now):
            raise CannotRateError
        rating = Rating.objects.filter(ticket=locked).first()
        if rating is None:
            return Rating.objects.create(
                ticket=locked, score=score, comment=comment or "", rated_at=now
            )
        if comment is None:
            comment = rating.comment
        if (rating.score, rating.comment) != (score, comment):
            rating.score, rating.comment, rating.changed_at = score, comment, now
            rating.save(update_fields=["score", "comment", "changed_at"])
        return rating


def may_be_rated(ticket: Ticket, *, now: datetime) -> bool:
    """Whether the requester is asked. What was cancelled, withdrawn or a duplicate has no result.

    No query: fetch the ticket with its definition and its workflow instance.
    """
    instance = ticket.workflow_instance
    if instance is None or instance.completed_at is None or not ticket.definition.asks_rating:
        return False
    return ticket.status == WorkflowStatus.COMPLETED and now <= instance.completed_at + RATED_WITHIN
