from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class MayNotShareViewError(TicketsError):
    message = _("Only ticket admins make and delete views for everybody.")
    status = HTTPStatus.FORBIDDEN


class ViewOfSomebodyElseError(TicketsError):
    message = _("This view is somebody else's by now.")
    status = HTTPStatus.FORBIDDEN


class ViewNamelessError(TicketsError):
    message = _("Give the view a name.")


class ViewNameInUseError(TicketsError):
    message = _("There is already a view of this name here. Choose another one.")


class ViewTooLongError(TicketsError):
    message = _("This view cannot be saved: its name or what it filters by is too long.")


class TooManyViewsError(TicketsError):
    message = _("There are %(most)d views of this list already. Delete one that nobody needs.")

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()
