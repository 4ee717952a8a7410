"""What is refused to programs that somebody would connect.

People read `message`; programs get `code`, which is RFC 6749's, and the same sentence.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from tenants.errors import TenantsError


class ProgramRefusedError(TenantsError):
    message = _("This program cannot be connected.")
    status = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "invalid_request"


class UnknownProgramError(ProgramRefusedError):
    """The same whatever the reason: nobody learns from it what answers at an address."""

    message = _(
        "Who this program is could not be found out: it names no address at which it describes "
        "itself, or what stands there does not fit. Ask its maker."
    )
    code = "invalid_client"


class WrongRedirectError(ProgramRefusedError):
    message = _(
        "This program wants the answer sent to an address that is not among its own. Somebody may "
        "be trying to get at your tickets: begin again in the program itself."
    )


class WrongRequestError(ProgramRefusedError):
    message = _(
        "This program asks in a way that TicketFlower does not know (%(what)s). Ask its maker."
    )

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__()


class WrongTargetError(ProgramRefusedError):
    message = _(
        "This program does not say for which address of this TicketFlower it wants to be let in, "
        "or names one that is not here. Begin again in the program, with the right address."
    )
    code = "invalid_target"


class NoScopeError(ProgramRefusedError):
    message = _("Choose at least one thing that the program may do.")
    code = "invalid_scope"


class WrongGrantError(ProgramRefusedError):
    """The same whatever the reason: used up, ended, revoked, made up, or somebody else's."""

    message = _("What the program showed does not count, or not any more. Connect it again.")
    code = "invalid_grant"


class WrongGrantTypeError(ProgramRefusedError):
    message = _("There are codes and their renewal, and nothing else.")
    code = "unsupported_grant_type"


class WrongMetadataError(ProgramRefusedError):
    message = _(
        "A program registers with a name of at most 100 characters, and one to five addresses to "
        "which answers are sent: https, http at 127.0.0.1, or a scheme of its own."
    )
    code = "invalid_client_metadata"
