"""Signing a company up, proven by mail: nothing is made before the link in it is followed.

The page does the same whatever is typed: it defers a job. Whether the address is known here is told
to none but who reads its mail. What was typed stands in the link, signed, and nowhere else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.core.signing import BadSignature, dumps, loads
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.account.addresses import (
    ensure_yields,
    free_address_of,
    keeps_address,
    prove_address,
)
from tenants.companies.language_and_zone import speaking
from tenants.connection import PUBLIC, company_of
from tenants.errors import RateLimitedError, TenantsError
from tenants.jobs import defer
from tenants.limits.table import SIGN_UP_LINK, SIGN_UPS_OF_ALL, SIGN_UPS_TO_ADDRESS
from tenants.mail.outbox import queue_mail
from tenants.mail.set_up import absolute
from tenants.mail.writing import Written, write
from tenants.models import User
from tenants.names import plain_email
from tenants.refusals import refusals
from tenants.services import sign_up

JOB: Final = "tenants.account.jobs.mail_sign_up"
LIFETIME: Final = timedelta(days=1)
_SALT: Final = "tenants.account.signing_up"


class SignUpEndedError(TenantsError):
    message = _(
        "This link does not count any more. It is good for one company, and for a day. If you have "
        "signed up with it already, log in; otherwise sign up once more."
    )


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody typed who wants to sign a company up, and the language that they read.

    The language is empty where it is that of the installation.
    """

    company_name: str
    first_name: str
    last_name: str
    email: str
    language: str = ""


def ask_to_sign_up(wanted: SignUp) -> None:
    """Have a link mailed. Too often: nothing is sent. Two statements, whoever it is."""
    email = plain_email(wanted.email)
    with refusals(RateLimitedError) as refused:
        SIGN_UPS_TO_ADDRESS.count(email)
    if refused.error is not None:
        return
    job: dict[str, Any] = {**asdict(wanted), "email": email}
    if not wanted.language:
        del job["language"]  # an older worker does not know it
    with company_of(PUBLIC):
        defer(JOB, **job)


def mail_sign_up(wanted: SignUp, *, name: str = "") -> None:
    """The job of it, in `public`; `name` is that of the mail: one, however often the job runs."""
    holder = User.objects.filter(email=wanted.email).first()
    is_known = holder is not None and keeps_address(holder)
    with speaking(wanted.language):
        subject, written = _you_are_known() if is_known else _link_for(wanted)
    with company_of(PUBLIC):
        queue_mail(
            to=wanted.email,
            kind="sign-up",
            subject=subject,
            text=written.text,
            html=written.html,
            expires=LIFETIME,
            is_secret=True,
            name=name,
        )


def _you_are_known() -> tuple[str, Written]:
    forgotten = absolute(reverse("forgotten_password"))
    written = write("account/mail_known", path=reverse("admin:login"), forgotten=forgotten)
    return gettext("You have an account already"), written


def _link_for(wanted: SignUp) -> tuple[str, Written]:
    """Nothing that was typed: anybody has this mail sent to anybody. It is on the page of the
    link."""
    link = reverse("sign_up_by_mail", args=[dumps(asdict(wanted), salt=_SALT)])
    return gettext("Sign your company up"), write("account/mail_sign_up", path=link)


def read_sign_up(token: str) -> SignUp:
    """What the link is about.

    Raises:
        SignUpEndedError: it is none of ours, or too old.
    """
    try:
        kept: Any = loads(token, salt=_SALT, max_age=LIFETIME)
        return SignUp(**kept)
    except (BadSignature, TypeError, ValueError) as error:
        raise SignUpEndedError from error


def finish_sign_up(*, token: str, password: str, takes_address: bool) -> User:
    """Make the company and its first person, who has proven their address.

    Raises:
        SignUpEndedError: as `read_sign_up`, or it was used.
        ElsewhereError, TakeItError: an account has the address: see `free_address_of`.
        RateLimitedError: too many companies were signed up, by whomever.
        EmailInUseError: somebody was quicker.
    """
    wanted = read_sign_up(token)
    # What comes to nothing is not one of the companies that are counted.
    known = User.objects.select_related("company").filter(email=wanted.email).first()
    if known is not None:
        ensure_yields(known, takes_address=takes_address)
    if SIGN_UP_LINK.is_used_up(token):
        raise SignUpEndedError
    SIGN_UPS_OF_ALL.count("")
    with transaction.atomic():
        with refusals(RateLimitedError) as refused:
            SIGN_UP_LINK.count(token)
        if refused.error is not None:
            raise SignUpEndedError
        person = sign_up(
            **asdict(wanted),
            password=password,
            free_address=partial(free_address_of, wanted.email, takes_address=takes_address),
        )
        prove_address(person)
    return person
