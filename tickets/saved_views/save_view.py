"""Views of lists: filters, search, order and columns under a name, one's own or everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.models import User
from tenants.names import LONGEST_NAME, plain_name
from tickets.models import ListOfViews, SavedView
from tickets.models.saved_view import LONGEST_QUERY, SavedViewQuerySet
from tickets.saved_views.errors import (
    MayNotShareViewError,
    TooManyViewsError,
    ViewNameInUseError,
    ViewNamelessError,
    ViewOfSomebodyElseError,
    ViewTooLongError,
)

VIEW_SHARED = declare("tickets.view_shared", _("Shared a view of a list"))
VIEW_CHANGED = declare("tickets.view_changed", _("Changed a shared view of a list"))
VIEW_DELETED = declare("tickets.view_deleted", _("Deleted a shared view of a list"))

# Of one list: one's own, and everybody's.
MOST_OWN: Final = 30
MOST_SHARED: Final = 30
MOST_PARAMETERS: Final = 50
# What belongs to a moment, not to a view: the page, and what was offered.
_OF_A_MOMENT: Final = frozenset({"p", "e", "all", "next", "form"})
# Filters that name a person by their number.
PEOPLE_PARAMETERS: Final = frozenset({"submitter", "worker"})
# Who sees the list, and so may save a view of it.
SEES: Final[Mapping[str, str]] = {
    ListOfViews.ALL_TICKETS: "tickets.view_ticket",
    ListOfViews.MY_TASKS: "tickets.view_mytask",
    ListOfViews.MY_TICKETS: "tickets.view_myticket",
}


def may_share(user: User) -> bool:
    """Whether somebody makes and deletes views for everybody: ticket admins."""
    return user.has_perm("tickets.change_ticket")


def normal_query(query: str) -> str:
    """A query string as a view keeps it.

    Raises:
        ViewTooLongError: it has more than MOST_PARAMETERS.
    """
    try:
        pairs = parse_qsl(query.lstrip("?"), max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise ViewTooLongError from error
    kept = [
        (name, value)
        for name, value in pairs
        if name not in _OF_A_MOMENT and not name.startswith("_") and "\x00" not in name + value
    ]
    return urlencode(sorted(kept), errors="replace")


def with_people(query: str, people: Mapping[int, int]) -> str:
    """The query of a view where people have these other numbers; without those who have none."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return ""
    if not any(name in PEOPLE_PARAMETERS for name, _value in pairs):
        return query
    others = {str(old): str(new) for old, new in people.items()}
    kept = [
        (name, others[value] if name in PEOPLE_PARAMETERS else value)
        for name, value in pairs
        if name not in PEOPLE_PARAMETERS or value in others
    ]
    made = urlencode(kept, errors="replace")
    return made if len(made) <= LONGEST_QUERY else ""


def save_view(
    *, of: ListOfViews, name: str, query: str, user: User, is_shared: bool = False
) -> SavedView:
    """Keep a view under a name; one of the same name, person and kind is replaced.

    Raises:
        MayNotShareViewError: it shall be everybody's, and the person is no ticket admin.
        ViewNamelessError, ViewTooLongError: it cannot be kept like this.
        TooManyViewsError: there are as many as there may be.
    """
    name, query = plain_name(name), normal_query(query)
    if is_shared and not may_share(user):
        raise MayNotShareViewError
    if not name:
        raise ViewNamelessError
    if len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise ViewTooLongError
    with transaction.atomic():
        _one_after_the_other()
        views = _kind(of, user, is_shared=is_shared)
        view = views.filter(name=name).first()
        if view is None:
            _ensure_room(views, is_shared=is_shared)
            view = SavedView(of=of, name=name, is_shared=is_shared, owner=user)
        view.query = query
        view.save()
        if is_shared:
            record(VIEW_SHARED, about=view, person=user, of=of.value, query=query)
    return view


def change_view(*, view: SavedView, name: str, is_shared: bool, user: User) -> SavedView:
    """Give a view another name, or make an own one everybody's, or a shared one one's own.

    Raises:
        MayNotShareViewError: it is or shall be everybody's, and the person is no ticket admin.
        ViewOfSomebodyElseError: it is another's own, by now.
        ViewNamelessError, ViewTooLongError, ViewNameInUseError: its name.
        TooManyViewsError: there are as many of its new kind as there may be.
    """
    name = plain_name(name)
    if not name:
        raise ViewNamelessError
    if len(name) > LONGEST_NAME:
        raise ViewTooLongError
    with transaction.atomic():
        _one_after_the_other()
        locked = SavedView.objects.select_for_update().get(pk=view.pk)
        _ensure_may_change(locked, user)
        if is_shared and not may_share(user):
            raise MayNotShareViewError
        kind = _kind(ListOfViews(locked.of), user, is_shared=is_shared).exclude(pk=locked.pk)
        if kind.filter(name=name).exists():
            raise ViewNameInUseError
        if locked.is_shared != is_shared:
            _ensure_room(kind, is_shared=is_shared)
        before = {"name": locked.name, "is_shared": locked.is_shared}
        locked.name = name
        if locked.is_shared and not is_shared:
            locked.owner = user
        locked.is_shared = is_shared
        locked.save(update_fields=["name", "is_shared", "owner"])
        if is_shared or before["is_shared"]:
            changes = changed(before, {"name": name, "is_shared": is_shared})
            record(VIEW_CHANGED, about=locked, changes=changes, person=user, of=locked.of)
    return locked


def _one_after_the_other() -> None:
    """Two at a moment are counted one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('views:' || current_schema(), 0))"
        )


def _kind(of: ListOfViews, user: User, *, is_shared: bool) -> SavedViewQuerySet:
    """Everybody's of a list, or one's own."""
    views = SavedView.objects.filter(of=of, is_shared=is_shared)
    return views if is_shared else views.filter(owner=user)


def _ensure_room(views: SavedViewQuerySet, *, is_shared: bool) -> None:
    most = MOST_SHARED if is_shared else MOST_OWN
    if views.count() >= most:
        raise TooManyViewsError(most)


def delete_view(*, view: SavedView, user: User) -> None:
    """Forget a view: one's own, and as a ticket admin a shared one.

    Raises:
        MayNotShareViewError: it is everybody's, and the person is no ticket admin.
        ViewOfSomebodyElseError: it is another's own, by now.
    """
    with transaction.atomic():
        _one_after_the_other()
        locked = SavedView.objects.select_for_update().filter(pk=view.pk).first()
        if locked is None:
            return
        _ensure_may_change(locked, user)
        if locked.is_shared:
            record(VIEW_DELETED, about=locked, person=user, of=locked.of)
        locked.delete()


def _ensure_may_change(locked: SavedView, user: User) -> None:
    """Asked of what stands in the database: a ticket admin may just have made it their own."""
    if locked.is_shared and not may_share(user):
        raise MayNotShareViewError
    if not locked.is_shared and locked.owner_id != user.pk:
        raise ViewOfSomebodyElseError
