from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class CompanyDataError(TicketsError):
    """Something about a company's data as a whole is refused."""

    message = _("This is not possible for the data of this company.")


class ExportUnderWayError(CompanyDataError):
    message = _("An export of this company is being made already. Wait until it is done.")


class RestoreUnderWayError(CompanyDataError):
    message = _("Another company is being restored. Wait until that is done.")


class ArchiveGoneError(CompanyDataError):
    message = _("The archive is not kept any more. Choose another one. Nothing was restored.")


class UnreadableArchiveError(CompanyDataError):
    """Whoever raises it says what is wrong with the file."""

    message = _("This is no archive of a company. Nothing was restored.")


class OtherVersionError(CompanyDataError):
    """The tables in the archive are those of another version of TicketFlower."""

    message = _("The archive was made by another version of TicketFlower. Nothing was restored.")


class AddressesInUseError(CompanyDataError):
    """`addresses` are those that somebody has here already."""

    message = _(
        "Somebody here has these e-mail addresses already: %(listed)s. Give each of them another "
        "one with --map old=new, or all of them made-up ones with --make-up-addresses. Nothing was "
        "restored."
    )

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self.listed = ", ".join(addresses[:100]) + (" …" if len(addresses) > 100 else "")
        super().__init__()


class WrongNameError(CompanyDataError):
    message = _("This is not the name. Type it as it stands above.")


class DeletionBegunError(CompanyDataError):
    message = _("It is too late: the company is being deleted.")
