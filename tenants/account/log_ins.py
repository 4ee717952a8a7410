"""Where a person is logged in: what is noted of a log-in, listing them, and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import actor_of
from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.fast.prepared import send
from tenants.limits.sender import sender_of
from tenants.logging_in.failed_log_ins import LogInBy
from tenants.logging_in.sessions import BEGAN_AT, CONFIRMED_AT
from tenants.models import LogInSession, User

LOGGED_IN = declare("account.logged_in", _("Logged in"))
LOGGED_OUT = declare("account.logged_out", _("Logged out"))
SESSIONS_ENDED = declare("account.sessions_ended", _("Ended sessions"))

BACKEND: Final = "tenants.backends.EmailBackend"
# By what they say of themselves; those that also say the name of another one come first.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
# One statement, and no transaction around it.
_NOTE: Final = """
INSERT INTO public.tenants_loginsession (session_key, user_id, began_at, sender, browser)
VALUES (%s::varchar, %s::bigint, %s::timestamptz, %s::varchar, %s::varchar)
ON CONFLICT (session_key) DO UPDATE SET
    user_id = EXCLUDED.user_id, began_at = EXCLUDED.began_at,
    sender = EXCLUDED.sender, browser = EXCLUDED.browser
"""


@dataclass(frozen=True, slots=True)
class LogIn:
    """A session of a person; `name` stands for it on the page, from which nobody can use it."""

    name: str
    sender: str
    browser: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def list_log_ins(*, person: User, this: str | None, now: datetime) -> list[LogIn]:
    """The sessions of a person that have not ended; `this` is the key of the one that asks."""
    known = {each.session_key: each for each in LogInSession.objects.of_person(person)}
    ends = dict(
        Session.objects.filter(pk__in=known, expire_date__gt=now).values_list("pk", "expire_date")
    )
    idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    found = [
        LogIn(
            name=_name_of(key),
            sender=each.sender,
            browser=browser_of(each.browser),
            began_at=each.began_at,
            # Where the longest time is nearer than that of doing nothing, it is the log-in.
            seen_at=max(ends[key] - idle, each.began_at),
            is_this=key == this,
        )
        for key, each in known.items()
        if key in ends
    ]
    return sorted(found, key=lambda each: (not each.is_this, -each.seen_at.timestamp()))


def end_log_ins(*, person: User, names: set[str] | None, keep: str | None) -> int:
    """End sessions of a person: these, or all (None) but the one with the key `keep`.

    Returns how many ended. Somebody else's are not found.
    """
    keys = [
        each.session_key
        for each in LogInSession.objects.of_person(person)
        if each.session_key != keep and (names is None or _name_of(each.session_key) in names)
    ]
    with transaction.atomic():
        ended, _each = Session.objects.filter(pk__in=keys).delete()
        LogInSession.objects.filter(pk__in=keys).delete()
        if ended:
            record_of_person(SESSIONS_ENDED, about=person, count=ended)
    return ended


def forget_ended_sessions() -> None:
    """Delete what is left of sessions that have ended."""
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    LogInSession.objects.exclude(pk__in=Session.objects.values("pk")).delete()


def log_in(request: HttpRequest, person: User, *, by: LogInBy) -> None:
    """Begin a session of a person who has proved who they are, first of all by this."""
    request.logged_in_by = by  # type: ignore[attr-defined]
    login(request, person, backend=BACKEND)


@receiver(user_logged_in)
def note_log_in(request: HttpRequest, user: User, **_more: Any) -> None:
    """With another key than before: who knew the old one does not know this.

    Django has given it one already, but not where the same person logs in once more.
    """
    session, now = request.session, timezone.now()
    if session.session_key is None:
        session.create()
    elif BEGAN_AT in session:  # the same person has logged in with it before
        session.cycle_key()
    session[BEGAN_AT] = session[CONFIRMED_AT] = int(now.timestamp())
    sender = sender_of(request)[:64].replace("\0", "")
    browser = request.headers.get("User-Agent", "").replace("\0", "")[:200]
    send(_NOTE, (session.session_key, user.pk, now, sender, browser))
    record_of_person(
        LOGGED_IN,
        about=user,
        by=actor_of(user, sender=sender),
        through=getattr(request, "logged_in_by", LogInBy.PASSWORD),
        browser=browser_of(browser),
    )


@receiver(user_logged_out)
def note_log_out(request: HttpRequest, user: User | None, **_more: Any) -> None:
    if user is not None:
        record_of_person(LOGGED_OUT, about=user, by=actor_of(user, sender=sender_of(request)))
    # The session first: without who it belongs to nothing in a company finds it.
    key = request.session.session_key or ""
    Session.objects.filter(pk=key).delete()
    LogInSession.objects.filter(pk=key).delete()


def browser_of(user_agent: str) -> str:
    """In words where we know it: “Firefox, Windows”; else what the browser says of itself."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{browser}, {system}" if browser and system else user_agent


def _name_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:32]
