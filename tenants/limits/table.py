"""The table of limits: what may be asked for how often where nobody is logged in, or where a
password is at stake.

Every address that takes a POST of somebody who is not logged in stands here, and every one that
takes a password; a test walks all addresses and fails for one that does not. `LimitsMiddleware`
counts what is sent to them by the sender's address; the rest is counted where it is known whom it
is about. Counted is in the database, for all processes together (`tenants/limits/rates.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from tenants.errors import ShareUsedUpError
from tenants.limits.rates import (
    Counted,
    Pauses,
    begin_attempts,
    count_request,
    count_requests,
    counted_requests,
    end_attempts,
    forget_old_counts,
    give_request_back,
    is_refused,
)
from tenants.limits.sender import place_of

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds; `setting` is that which says how many, if one does.

    A page that `counts_itself` answers in a way of its own where it is too often. A process
    `remembers` who asked too often: not what is counted in a transaction that may be taken back.
    """

    kind: str
    seconds: int
    most: int = 0
    setting: str = ""
    counts_itself: bool = False
    remembers: bool = True

    def count(self, who: str) -> None:
        """Count a request of somebody, or about something.

        Raises:
            RateLimitedError: that is too often.
        """
        count_request(
            self.kind, who, most=self.most_now(), seconds=self.seconds, remembers=self.remembers
        )

    def give_back(self, who: str) -> None:
        """What was counted last counts no more."""
        give_request_back(self.kind, who)

    def is_used_up(self, who: str) -> bool:
        """Whether the next one would be too often. Counts nothing."""
        if self.remembers and is_refused(self.kind, who):
            return True
        return self.counted(who) >= self.most_now()

    def ensure_left(self, who: str) -> None:
        """Count nothing; whoever has none left is refused at once, whatever they would send.

        Raises:
            RateLimitedError
        """
        if self.is_used_up(who):
            self.count(who)  # it says for how long

    def count_many(self, who: str, number: int) -> None:
        """Count so many at once, or none of them.

        Raises:
            RateLimitedError: they are too many; it says how many there could be.
        """
        count_requests(self.kind, who, number, most=self.most_now(), seconds=self.seconds)

    def counted(self, who: str) -> int:
        """How many count at this moment."""
        return counted_requests(self.kind, who, seconds=self.seconds)

    def most_now(self) -> int:
        """How many are allowed, as the settings are."""
        return int(getattr(settings, self.setting)) if self.setting else self.most


def count_share(of_all: Limit, all_of_them: str, of_one: Limit, one: str) -> None:
    """Count a request of one of several who share what is allowed, each for half of what the
    others have left: so two of them together do not use it up, nor three. One each may always.

    Inside a transaction: what is refused counts in neither way by its end.

    Raises:
        RateLimitedError: they have none left together.
        ShareUsedUpError: what is left is for the others.
    """
    of_all.count(all_of_them)  # its row is locked from here on: of two at once one comes second
    own = of_one.counted(one)
    others = of_all.counted(all_of_them) - 1 - own
    if own >= max(1, (of_all.most_now() - others) // 2):
        raise ShareUsedUpError(of_one.seconds)
    of_one.count(one)


# --- by the address of the sender: counted by LimitsMiddleware, by the names of the pages -------
# Log-ins: many people may stand behind one address, such as an office's. What a person may try is
# below; this bounds what each attempt costs the server.
LOG_IN = Limit("log in", MINUTE, 60)
SIGN_UP = Limit("sign up", HOUR, 30)
CALLBACK_ADDRESS = Limit(
    "callback address", MINUTE, setting="CALLBACKS_PER_ADDRESS", counts_itself=True
)
DEMO_CALLS = Limit("demo accounting", MINUTE, 600)
WAY_IN_ADDRESS = Limit("way in address", MINUTE, 600, counts_itself=True)
# Each is a mail that a provider hands on.
MAIL_IN = Limit("mail in", MINUTE, 600, counts_itself=True)
# Providers of mail send many, from few addresses.
STOP_MAIL = Limit("stop mail", MINUTE, 300)
RATE_TICKET = Limit("rate ticket", MINUTE, 60)
# Forms of people outside, of whom many may stand behind one address.
OUTSIDE_FORM = Limit("outside form", MINUTE, 60)
PUBLIC_START = Limit("public start", MINUTE, 30)
OUTSIDE_FORM_VISIBLE = Limit("outside form visible", MINUTE, 300)
NEW_PASSWORD = Limit("new password", MINUTE, 30)
# Mails that anybody may have sent to an address: by sender, and by the address. Each kind by
# itself: whoever has others sent uses nobody's new passwords up.
MAILS_ASKED_FOR = Limit("mails asked for", HOUR, 60)
NEW_PASSWORDS_TO_ADDRESS = Limit("new passwords to an address", HOUR, 3)
SIGN_UPS_TO_ADDRESS = Limit("sign-ups to an address", HOUR, 3)
CHANGES_TO_ADDRESS = Limit("changes to an address", HOUR, 3)
# Codes and their renewal: many people may stand behind one address, and each of their programs
# renews its token once an hour.
PROGRAM_TOKENS = Limit("tokens of programs", MINUTE, 120, counts_itself=True)
PROGRAM_REGISTRATIONS = Limit("registrations of programs", HOUR, 60, counts_itself=True)
CONNECT_PROGRAM = Limit("connect program", MINUTE, 30)
BY_SENDER: Mapping[str, Limit] = {
    "admin:login": LOG_IN,
    "admin:second_factor": LOG_IN,
    "admin:passkey_log_in": LOG_IN,
    "admin:company_log_in": LOG_IN,
    "admin:company_log_in_at": LOG_IN,
    "sign_up": SIGN_UP,
    "sign_up_by_mail": SIGN_UP,
    "invited_sign_up": SIGN_UP,
    "callback": CALLBACK_ADDRESS,
    "way_in": WAY_IN_ADDRESS,
    "way_in_answer": WAY_IN_ADDRESS,
    "demo_accounting": DEMO_CALLS,
    "oauth_token": PROGRAM_TOKENS,
    "oauth_revoke": PROGRAM_TOKENS,
    "oauth_register": PROGRAM_REGISTRATIONS,
    "one_time_link": NEW_PASSWORD,
    "mail_in": MAIL_IN,
    "stop_mail": STOP_MAIL,
    "rate_ticket": RATE_TICKET,
    "outside_form": OUTSIDE_FORM,
    "outside_form_visible": OUTSIDE_FORM_VISIBLE,
    "public_start": PUBLIC_START,
    "public_start_visible": OUTSIDE_FORM_VISIBLE,
    "confirm_start": PUBLIC_START,
    "invitation": NEW_PASSWORD,
    "new_address": NEW_PASSWORD,
    "admin:account_address": NEW_PASSWORD,
    "admin:account_connect": CONNECT_PROGRAM,
    "admin:account_profile": NEW_PASSWORD,
    "forgotten_password": MAILS_ASKED_FOR,
    "admin:password_change": NEW_PASSWORD,
    "admin:account_second_factor": NEW_PASSWORD,
    "admin:account_company_log_in": NEW_PASSWORD,
    "admin:tenants_user_identity_provider": NEW_PASSWORD,
    "admin:auth_user_password_change": NEW_PASSWORD,
}

# --- by what it is about -------------------------------------------------------------------------
CALLBACK_CALL = Limit("callback call", MINUTE, setting="CALLBACKS_PER_CALL")
# Tickets that other systems send to the web address of one ticket type.
WAY_IN_MESSAGES = Limit("messages of a way in", MINUTE, 120)
# Mails of one person to the addresses of ticket types: each is answered by a mail.
TICKETS_BY_MAIL = Limit("tickets by mail", HOUR, 60, remembers=False)
# How many companies may be signed up in all, so that nobody fills the database with schemas.
SIGN_UPS_OF_ALL = Limit("sign-ups of all", HOUR, setting="SIGN_UPS_PER_HOUR")
# The link in the mail of a sign-up is good for one company.
SIGN_UP_LINK = Limit("sign-up link", DAY, 1, remembers=False)

# How many people a company invites, and how often one address. A trial of an upload is taken back.
INVITATIONS = Limit("invitations", DAY, setting="COMPANY_MOST_INVITATIONS_A_DAY")
INVITATIONS_TO_ONE = Limit("invitations to an address", DAY, 5, remembers=False)

# How often a company has a draft written by a language model, which may cost money; and how often
# one person of it, who leaves half of what is left to the others (`count_share`).
DESCRIPTIONS = Limit(
    "descriptions", DAY, setting="COMPANY_MOST_DESCRIPTIONS_A_DAY", remembers=False
)
DESCRIPTIONS_OF_ONE = Limit(
    "descriptions of one",
    DAY,
    setting="COMPANY_MOST_DESCRIPTIONS_A_DAY",
    remembers=False,
)

# How many mails the processes of a company send to addresses outside, and how many to one of them.
# They belong to a step, which may be taken back.
OUTSIDE_MAILS = Limit(
    "mails to outside", DAY, setting="COMPANY_MOST_OUTSIDE_MAILS_A_DAY", remembers=False
)
OUTSIDE_MAILS_TO_ONE = Limit("mails to an address outside", DAY, 50, remembers=False)

# How many tickets people outside begin: of a company, with one address, and of one sender, behind
# whom many may stand.
PUBLIC_STARTS = Limit("public starts", DAY, 500)
PUBLIC_STARTS_OF_SENDER = Limit("public starts of a sender", DAY, 30)
PUBLIC_STARTS_TO_ADDRESS = Limit("public starts to an address", HOUR, 3)

# What somebody asks for with their tokens, however many they have, and how often a sender shows
# tokens that do not count.
TOKEN_REQUESTS = Limit("requests by token", MINUTE, setting="TOKEN_REQUESTS_A_MINUTE")
REFUSED_TOKENS = Limit("refused tokens", MINUTE, 60)
# How often a test is sent to a webhook: each is a row of its log, and a job.
WEBHOOK_TESTS = Limit("tests of a webhook", HOUR, 60)
# How many tokens an owner may have made in a day: those that were revoked are kept, and listed.
TOKENS_MADE = Limit("tokens made", DAY, 200, remembers=False)

# How many programs somebody connects in a day: each is a row, and a line of the audit log, also
# where its code is never exchanged.
PROGRAMS_CONNECTED = Limit("programs connected", DAY, 200, remembers=False)

# What costs the server much (tenants/limits/dear.py): of one person, whatever they use for it, and
# of a company, however many people it has.
DEAR_REQUESTS = Limit("dear requests", MINUTE, setting="DEAR_REQUESTS_A_MINUTE")
DEAR_REQUESTS_OF_COMPANY = Limit(
    "dear requests of a company", MINUTE, setting="COMPANY_MOST_DEAR_REQUESTS_A_MINUTE"
)
# The same, where a script asks while somebody types.
CHECKS_WHILE_TYPING = Limit("checks while typing", MINUTE, setting="CHECKS_WHILE_TYPING_A_MINUTE")
CHECKS_WHILE_TYPING_OF_COMPANY = Limit(
    "checks while typing of a company",
    MINUTE,
    setting="COMPANY_MOST_CHECKS_WHILE_TYPING_A_MINUTE",
)

# How many programs somebody has us look up, each by a call to an address that a stranger wrote, and
# how often they open the page for it; and all of their company.
PROGRAM_DOCUMENTS = Limit("documents of programs", HOUR, 10)
PROGRAM_DOCUMENTS_OF_COMPANY = Limit("documents of programs of a company", HOUR, 60)
CONNECT_PAGES = Limit("connect pages", MINUTE, 60)
CONNECT_PAGES_OF_COMPANY = Limit("connect pages of a company", MINUTE, 300)

# How often a company's identity provider is asked, twice for each log-in.
IDENTITY_PROVIDER = Limit("identity provider", MINUTE, 120)

# A code of an app is taken once, for as long as it may be right.
SECOND_FACTOR_CODE = Limit("second factor code", 2 * MINUTE, 1)
# What a passkey signs is taken once, for as long as it may be answered at all.
PASSKEY_CHALLENGE = Limit("passkey challenge", 10 * MINUTE, 1)

# How many failed log-ins of an hour stand one by one in the log of a company, or the installation.
FAILURES_RECORDED = Limit("failed log-ins recorded", HOUR, 500)

# How many mails that were refused in an hour stand one by one in the list of a company.
REFUSED_MAILS_RECORDED = Limit("refused mails recorded", HOUR, 500)
# How often a mail in the mailbox is tried that cannot be handled.
MAIL_ATTEMPTS = Limit("attempts at a mail", DAY, 30, remembers=False)
# How often its turn came, also where it only has to wait: nobody reaches that.
MAIL_TURNS = Limit("turns of a mail", DAY, 1_000_000, remembers=False)

# --- attempts at a password, or at a second factor -----------------------------------------------
# By account and address: nobody locks out somebody who is elsewhere.
BY_ACCOUNT = Pauses(free=5, first=15, longest=HOUR, memory=DAY)
# By address alone: who tries many accounts. An office of some hundred people mistypes less.
BY_PLACE = Pauses(free=100, first=60, longest=HOUR, memory=HOUR, sliding=False)

# Also of what `tenants/companies/company_limits.py` counts.
LONGEST_WINDOW: Final = max(
    DAY, *(each.seconds for each in (*BY_SENDER.values(), CALLBACK_CALL, SIGN_UPS_OF_ALL))
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at some address tries to prove who they are. Counted before it is known whether
    it succeeds, so that a hundred at once are a hundred."""

    account: str
    place: str

    def begin(self) -> None:
        """Raises:
        AttemptsPausedError: a pause is on, for this account at this address, or for the address.
        """
        begin_attempts(*self._counted())

    def succeeded(self) -> None:
        """It was the person: their failures count no more, those at other accounts do."""
        end_attempts(*self._counted())

    def _counted(self) -> tuple[Counted, Counted]:
        return (
            Counted.of("attempt", f"{self.place}\n{self.account}", BY_ACCOUNT),
            Counted.of("attempts of a place", self.place, BY_PLACE),
        )


def attempt_of(request: HttpRequest, account: str) -> Attempt:
    """`account` is what was typed, known or not: in the form in which accounts are compared."""
    return Attempt(account=account, place=place_of(request))


def count_sender(request: HttpRequest, page: str) -> None:
    """Count what is sent to a page, by the address of the sender.

    Raises:
        RateLimitedError
    """
    limit = BY_SENDER.get(page)
    if limit is not None:
        limit.count(place_of(request))


def forget() -> int:
    """Delete what counts no more; returns how many."""
    return forget_old_counts(seconds=LONGEST_WINDOW)
