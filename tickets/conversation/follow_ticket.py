from __future__ import annotations

from datetime import datetime

from tenants.models import User
from tickets.conversation.errors import MayNotWriteError
from tickets.models import Follower, Ticket
from tickets.taking_part.access import access_to


def follow_ticket(*, ticket: Ticket, user: User, now: datetime) -> None:
    """Have somebody told what happens to a ticket that they may see. Twice is once.

    Raises:
        MayNotWriteError: they take no part in it.
    """
    if not access_to(ticket, user):
        raise MayNotWriteError
    follower = Follower(ticket=ticket, person=user, since=now)
    Follower.objects.bulk_create([follower], ignore_conflicts=True)


def unfollow_ticket(*, ticket: Ticket, user: User) -> None:
    Follower.objects.filter(ticket=ticket, person=user).delete()
