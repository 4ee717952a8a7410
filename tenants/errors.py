"""The base of whatever TicketFlower refuses, and what is refused of companies and people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


_MINUTE = 60


class TicketFlowerError(Exception):
    """Something that was asked for is refused, or is not possible.

    `message` is what people read: whole sentences, what happened and what to do next. They are
    translated when they are shown. Their %(placeholders)s are filled with the attributes of the
    error, unless `words` says otherwise. Every class states its own.

    `field` is the name of the form's field that it is about; empty: none. `status` is that of an
    answer to a script.
    """

    message: StrOrPromise = _("This is not possible.")
    field: ClassVar[str] = ""
    status: HTTPStatus = HTTPStatus.CONFLICT

    def __init__(self, said: StrOrPromise = "") -> None:
        """`said` is a whole sentence in the place of the message, for what only the raiser knows.

        It is taken as it is: a % in it is a percent sign.
        """
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return str(self.said) if self.said else str(self.message) % self.words()

    def words(self) -> Mapping[str, object]:
        """What the placeholders of the message are filled with."""
        return vars(self)


class TenantsError(TicketFlowerError):
    """Something about companies and people is refused."""

    message = _("This is not possible for this company or person.")


class SchemaExistsError(TenantsError):
    message = _("A Postgres schema of this name already exists.")


class UndeclaredDataMigrationError(TenantsError):
    """Whoever raises it names the migration."""

    message = _("A migration of data does not say whether companies that are made later need it.")


class CompanyBehindError(TenantsError):
    """Its schema lacks a migration of this version of TicketFlower."""

    message = _(
        "This company is being brought up to date, and cannot be used until that is done. Try "
        "again in some minutes."
    )
    status = HTTPStatus.SERVICE_UNAVAILABLE


class CompanyToBeDeletedError(TenantsError):
    """`until`: when a job of it is tried again."""

    message = _(
        "This company is to be deleted: nothing can be changed in it any more. Its admin can take "
        "that back."
    )
    status = HTTPStatus.FORBIDDEN

    def __init__(self, until: datetime | None = None) -> None:
        self.until = until
        super().__init__()


class LastAdminError(TenantsError):
    message = _("A company needs at least one active person with the role of company admin.")
    field = "system_roles"


class LastSuperuserError(TenantsError):
    message = _("TicketFlower needs at least one active superuser.")
    field = "is_active"


class OwnAccountError(TenantsError):
    message = _("You cannot deactivate yourself. Another superuser can.")
    field = "is_active"


class NotASuperuserError(TenantsError):
    message = _("This person belongs to a company and is no superuser.")


class OtherCompanyError(TenantsError):
    message = _("This person belongs to another company.")


class EmailInUseError(TenantsError):
    message = _("Somebody already uses this e-mail address.")
    field = "email"


class EncryptionError(TenantsError):
    message = _("A secret cannot be read from the database, or kept there.")


class EncryptionKeyMissingError(EncryptionError):
    message = _(
        "FIELD_ENCRYPTION_KEYS is not set, so that no signing secret can be kept or read. Whoever "
        "runs the server must set it."
    )


class UndecryptableError(EncryptionError):
    message = _(
        "The signing secret was encrypted with a key that is not among FIELD_ENCRYPTION_KEYS. "
        "Whoever runs the server must add that key, or your company's admin makes a new secret."
    )


class PasskeyRefusedError(TenantsError):
    """Whoever raises it says why, and what to do."""

    message = _("This passkey was not accepted. Try again.")


class IdentityProviderError(TenantsError):
    """Whoever raises it says why where an admin can mend it; to strangers it tells nothing."""

    message = _(
        "Your company's identity provider gave an answer that does not count. Try again; if it "
        "stays so, tell an admin of your company."
    )


class TooManyPasskeysError(TenantsError):
    message = _("You have %(most)d passkeys. Remove one that you do not need before you add more.")

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()


class TokenError(TenantsError):
    message = _("This is not possible with a token.")


class TokenRefusedError(TokenError):
    """Said of every token that does not let in, whatever the reason."""

    message = _(
        "This token does not count, or not from where you are. Make a new one under “My tokens”, "
        "or ask whoever gave it to you."
    )
    status = HTTPStatus.UNAUTHORIZED


class NoTokenForThemError(TokenError):
    message = _(
        "A token is for yourself, or made by a company admin for a service account that is "
        "switched on."
    )


class TokenNameError(TokenError):
    message = _("Give the token a name of at most 255 characters, by which you know it again.")
    field = "name"


class TokenScopesError(TokenError):
    message = _("Choose at least one thing that the token is for.")
    field = "scopes"


class NotForAssistantsError(TokenError):
    message = _(
        "An assistant never publishes workflows, and never changes people, roles or settings: a "
        "person does. Leave these out, or leave the assistant's name empty where a program uses "
        "the token."
    )
    field = "scopes"


class TokenLifetimeError(TokenError):
    message = _("A token ends in the future, and within a year.")
    field = "expires_at"


class WrongNetworkError(TokenError):
    message = _(
        "No address or network: “%(network)s”. Write at most 20 addresses or networks, such as "
        "192.0.2.7 or 192.0.2.0/24, each on a line of its own."
    )
    field = "addresses"

    def __init__(self, network: str) -> None:
        self.network = network[:64]
        super().__init__()


class TooManyTokensError(TokenError):
    message = _("There are 50 tokens already. Revoke one that is not used any more.")


class AccountHasNoLogInError(TenantsError):
    message = _("A service account does not log in: it has tokens, and no password.")


class SecondFactorDemandedError(TenantsError):
    message = _(
        "A second factor is demanded of you, and this is the last one that you have. Add another "
        "one first."
    )


class RateLimitedError(TenantsError):
    """`seconds` is how long to wait; `left` is how many there could still be, of many at once."""

    message = _("That is too often. Try again later.")
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: int, *, left: int = 0) -> None:
        self.seconds = seconds
        self.left = left
        super().__init__()


class ShareUsedUpError(RateLimitedError):
    message = _("You have had your share of it for today. Try again tomorrow.")


class AttemptsPausedError(RateLimitedError):
    """It says the same of people who are known here and of those who are not."""

    message = _(
        "That was wrong several times. Try again in %(wait)s; until then the right one is not taken"
        " either."
    )

    def words(self) -> Mapping[str, object]:
        return {"wait": _wait(self.seconds)}


class TooDearError(RateLimitedError):
    """Of what costs the server much: see tenants/limits/dear.py."""

    message = _(
        "You or your company have asked for very much that takes long, such as checks, trials and"
        " searches. Try again in %(wait)s."
    )

    def words(self) -> Mapping[str, object]:
        return {"wait": _wait(self.seconds)}


class KeysUsedUpError(RateLimitedError):
    """Of requests whose answers are kept: see tenants/limits/kept_answers.py."""

    message = _(
        "You or your company have sent more requests with a key of their own, to be done once, than"
        " are kept in a day. Try again in %(wait)s."
    )

    def words(self) -> Mapping[str, object]:
        return {"wait": _wait(self.seconds)}


def _wait(seconds: int) -> str:
    if seconds < _MINUTE:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = ceil(seconds / _MINUTE)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


# Limits of a company: tenants/companies/company_limits.py


class StorageAwayError(TenantsError):
    """What keeps files does not answer, or has no room."""

    message = _("Files cannot be reached at the moment. Nothing was lost: try again in a minute.")
    status = HTTPStatus.SERVICE_UNAVAILABLE


class CompanyLimitError(TenantsError):
    """A company has reached one of its limits, which is `most`."""

    message = _("Your company has reached one of its limits, which is %(most)d.")

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()


class TooManyPeopleError(CompanyLimitError):
    message = _(
        "Your company may have %(most)d active people, and has them. Deactivate somebody who is no "
        "longer there, or ask whoever runs TicketFlower for a higher limit."
    )


class StorageFullError(CompanyLimitError):
    message = _(
        "Your company's storage of %(most)d MB is full, so that nothing new can be kept. Tell an "
        "admin of your company; all that is there stays."
    )


class TooManyJobsError(CompanyLimitError):
    message = _(
        "%(most)d jobs of your company wait to be done, which is as many as may. Try again in some "
        "minutes."
    )
    status = HTTPStatus.TOO_MANY_REQUESTS


class CallsUsedUpError(RateLimitedError):
    message = _("Your company has made all the calls to other systems that it may make in a day.")


class SharedTablesInUseError(TicketFlowerError):
    message = _(
        "Tables that all companies share were in use all the time. Everything is as it was before "
        "the migration that needs them. Run migrate_schemas again, or look who holds them "
        "(pg_stat_activity)."
    )
