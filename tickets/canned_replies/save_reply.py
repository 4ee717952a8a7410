"""Canned replies are made, changed and deleted; and who may do so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.fast.prepared import PreparedQuery
from tenants.models import User
from tenants.names import plain_name
from tickets.canned_replies.errors import (
    CannedReplyEmptyError,
    CannedReplyNameInUseError,
    CannedReplyNamelessError,
    CannedReplyPlaceholderError,
    CannedReplyTooLongError,
    MayNotKeepCannedReplyError,
    TooManyCannedRepliesError,
)
from tickets.canned_replies.placeholders import wrong_placeholder
from tickets.models import CannedReply
from tickets.models.canned_reply import LONGEST_REPLY
from workflows.engine.values.composed import composed_text
from workflows.models import CompanyRole
from workflows.people.company_roles import ROLE_NAMED_BY

REPLY_ADDED: Final = declare("tickets.reply_added", gettext_lazy("Added a canned reply"))
REPLY_CHANGED: Final = declare("tickets.reply_changed", gettext_lazy("Changed a canned reply"))
REPLY_DELETED: Final = declare("tickets.reply_deleted", gettext_lazy("Deleted a canned reply"))

# The list to choose from holds all of them.
MOST_REPLIES: Final = 200


def keeps_all(user: User) -> bool:
    """Whether somebody keeps the replies of every team: ticket admins."""
    return user.has_perm("tickets.change_ticket")


def roles_kept_by(user: User) -> Collection[CompanyRole]:
    """The teams whose replies somebody may keep: of a ticket admin all, else their own."""
    roles = CompanyRole.objects.all()
    return list(roles if keeps_all(user) else roles.filter(members=user))


def may_keep(user: User, roles: Iterable[CompanyRole]) -> bool:
    """Whether somebody may keep a reply that is for these teams.

    A worker one that is for teams of theirs alone: what others use is not theirs to change.
    """
    if keeps_all(user):
        return True
    wanted = {each.pk for each in roles}
    own = CompanyRole.objects.filter(pk__in=wanted, members=user).count()
    return bool(wanted) and own == len(wanted)


def plain_reply(text: str) -> str:
    """The text as it is kept.

    Raises:
        CannedReplyEmptyError, CannedReplyTooLongError, CannedReplyPlaceholderError
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = composed_text(text.encode(errors="replace").decode()).strip()
    if not text:
        raise CannedReplyEmptyError
    if len(text) > LONGEST_REPLY:
        raise CannedReplyTooLongError(LONGEST_REPLY)
    if wrong := wrong_placeholder(text):
        raise CannedReplyPlaceholderError(wrong)
    return text


def save_canned_reply(
    *,
    reply: CannedReply,
    name: str,
    text: str,
    roles: Iterable[CompanyRole],
    user: User,
    first: Callable[[], None] | None = None,
) -> CannedReply:
    """Save a canned reply, new or not, under a title of its own.

    `first` is called under the lock of one that is there already, before anything is written: what
    it raises refuses all of it.

    Raises:
        MayNotKeepCannedReplyError: it is, or shall be, for a team whose replies are not theirs.
        CannedReplyNamelessError, CannedReplyNameInUseError: its title.
        what `plain_reply` raises
        TooManyCannedRepliesError: there are as many as there may be.
    """
    name, text, chosen = plain_name(name), plain_reply(text), list(roles)
    if not name:
        raise CannedReplyNamelessError
    with transaction.atomic():
        before = _kept(reply, user, first)
        if not may_keep(user, chosen):
            raise MayNotKeepCannedReplyError
        if before is None:
            _ensure_room()
        elif before == (after := _logged(name, text, chosen)):
            return reply
        reply.name, reply.text = name, text
        try:
            with transaction.atomic():
                reply.save()
        except IntegrityError as error:
            raise CannedReplyNameInUseError from error
        reply.roles.set(chosen)
        after = _logged(name, text, chosen)
        if before is None:
            record(REPLY_ADDED, about=reply, person=user, roles=after["roles"])
        else:
            record(REPLY_CHANGED, about=reply, changes=changed(before, after), person=user)
    return reply


def delete_canned_reply(
    *, reply: CannedReply, user: User, first: Callable[[], None] | None = None
) -> None:
    """Delete a canned reply; messages that it was put into stay as they are.

    `first` as `save_canned_reply` has it.

    Raises:
        MayNotKeepCannedReplyError: it is for a team whose replies are not theirs.
    """
    with transaction.atomic():
        _kept(reply, user, first)
        record(REPLY_DELETED, about=reply, person=user)
        reply.delete()


_replies_of = PreparedQuery(lambda role: CannedReply.objects.filter(roles=role).only("name"))


@ROLE_NAMED_BY.register
def replies_of_role(role: CompanyRole) -> list[str]:
    """A reply whose last team went away would be everybody's: the role stays while it is named."""
    found = _replies_of.rows(role.pk)
    return [_("Canned reply: %(name)s") % {"name": each.name} for each in found]


def _kept(
    reply: CannedReply, user: User, first: Callable[[], None] | None
) -> dict[str, object] | None:
    """What the audit log compares, of one that is there already; its row is locked."""
    if reply._state.adding:
        return None
    locked = CannedReply.objects.select_for_update(no_key=True).get(pk=reply.pk)
    if first is not None:
        first()
    roles = list(locked.roles.all())
    if not may_keep(user, roles):
        raise MayNotKeepCannedReplyError
    return _logged(locked.name, locked.text, roles)


def _logged(name: str, text: str, roles: Iterable[CompanyRole]) -> dict[str, object]:
    return {"name": name, "text": text, "roles": sorted(each.name for each in roles)}


def _ensure_room() -> None:
    with connection.cursor() as cursor:  # two at a moment are counted one after the other
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('replies:' || current_schema(), 0))"
        )
    if CannedReply.objects.count() >= MOST_REPLIES:
        raise TooManyCannedRepliesError(MOST_REPLIES)
