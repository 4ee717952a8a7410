from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class MayNotKeepCannedReplyError(TicketsError):
    message = _(
        "You may keep canned replies of your own company roles only. Ticket admins keep those of "
        "others, and those that are for everybody."
    )
    field = "roles"
    status = HTTPStatus.FORBIDDEN


class CannedReplyNamelessError(TicketsError):
    message = _("Give the canned reply a title.")
    field = "name"


class CannedReplyNameInUseError(TicketsError):
    message = _("There is already a canned reply of this title, or of one that looks the same.")
    field = "name"


class CannedReplyEmptyError(TicketsError):
    message = _("Write the text of the canned reply.")
    field = "text"


class CannedReplyTooLongError(TicketsError):
    message = _("The text is too long: at most %(most)s characters.")
    field = "text"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


class CannedReplyPlaceholderError(TicketsError):
    """Whoever raises it says which, and what there is."""

    message = _("There is no such placeholder.")
    field = "text"


class TooManyCannedRepliesError(TicketsError):
    message = _("A company has at most %(most)s canned replies. Delete one that nobody uses.")

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
