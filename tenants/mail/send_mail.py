"""Sending what waits in an outbox. Any of this may run twice, late, or beside itself."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.connection import current_schema
from tenants.errors import EncryptionKeyMissingError, TenantsError, UndecryptableError
from tenants.hooks import Hook
from tenants.jobs import defer
from tenants.mail.handing_over import (
    SECONDS_FOR_THE_END,
    RefusedError,
    TryAgainError,
    UnsureError,
    hand_over,
)
from tenants.mail.message import in_ascii, message_of
from tenants.mail.models import (
    ENDED,
    LONGEST_REASON,
    MailStatus,
    OutgoingMail,
    OutgoingMailQuerySet,
)
from tenants.mail.outbox import PATIENCE, SEND_MAIL, plain_line

logger = logging.getLogger(__name__)

MINUTE: Final = 60
# After each attempt that failed, in seconds; the last one from then on. Servers that put off whom
# they do not know (greylisting) want to be asked again after some minutes.
PAUSES: Final = tuple(MINUTE * each for each in (1, 3, 6, 15, 30, 60, 120, 240))
# Of a pause: mails that failed together do not come together again.
JITTER: Final = 0.25
# A job that comes a little early does not go away again.
EARLY: Final = timedelta(seconds=5)
# Whoever hands a mail over waits so long for its answer at most; after twice that they are gone.
GONE_AFTER: Final = timedelta(seconds=2 * SECONDS_FOR_THE_END)
_chance = SystemRandom()

# Called in the transaction in which a mail is given up for good.
MAIL_GIVEN_UP: Hook[[OutgoingMail], None] = Hook()


class NotGivenUpError(TenantsError):
    message = _("Only a mail that was given up, or may have been sent, can be sent again.")


class TextsGoneError(TenantsError):
    message = _(
        "The text of this mail is not kept, because it held a secret. Have it written anew where "
        "it came from."
    )


def send_mail(*, mail_id: int) -> None:
    """Try to send a mail of the active schema, if it is due. It raises nothing that mail can say:
    whatever becomes of it stands in its row, with the job of the next attempt."""
    mail = OutgoingMail.objects.filter(pk=mail_id).first()
    now = timezone.now()
    if mail is None or mail.status in ENDED:
        return
    if mail.status == MailStatus.HANDING_OVER:
        # Somebody may be at it still, and waits for the answer: theirs is what becomes of it.
        if mail.changed_at is None or mail.changed_at + GONE_AFTER <= now:
            _leave_unsure(mail, gettext("It was broken off while it was handed over."))
        return
    if mail.due_at > now + EARLY:
        return  # its job comes then
    if mail.give_up_at <= now:
        _give_up(_Handing(mail), mail.reason)
        return
    handing = _Handing(mail)
    try:
        message = _message(mail)
        if not handing.do(message, in_ascii(mail.to)):
            return
    except UnsureError as error:
        _leave_unsure(mail, error.reason)
    except RefusedError as error:
        _give_up(handing, error.reason)
    except TryAgainError as error:
        _try_again(handing, error.reason)
    else:
        _close(mail)


def _message(mail: OutgoingMail) -> bytes:
    """The mail as it is sent.

    Raises:
        RefusedError: it can never be made.
        TryAgainError: its files are elsewhere, and that does not answer.
    """
    try:
        in_ascii(mail.to)
        return message_of(mail)
    except (ValueError, UndecryptableError, EncryptionKeyMissingError) as error:
        raise RefusedError(str(error)) from error
    except OSError as error:
        logger.exception("The files of mail %s of %s cannot be read", mail.pk, current_schema())
        raise TryAgainError(gettext("Its files cannot be read now.")) from error


class _Handing:
    """Hands a mail over. `taken_at` is when this process took the row to send the mail's end: from
    then on the row is its own, and nobody else's answer counts."""

    def __init__(self, mail: OutgoingMail) -> None:
        self.mail = mail
        self.taken_at: datetime | None = None

    def do(self, message: bytes, to: str) -> bool:
        name = f"{current_schema()}-{self.mail.pk}-{self.mail.message_id[1:17]}"
        hand_over(message, to=to, name=name, before_the_end=self.take)
        return self.taken_at is not None

    def take(self) -> bool:
        """Of several that come as far as here with the same mail, one."""
        now = timezone.now()
        if self.row().update(status=MailStatus.HANDING_OVER, changed_at=now) == 1:
            self.taken_at = now
        return self.taken_at is not None

    def row(self) -> OutgoingMailQuerySet:
        """The row, unless somebody else has it, or has done something with it since it was read."""
        row = OutgoingMail.objects.filter(pk=self.mail.pk, attempts=self.mail.attempts)
        if self.taken_at is None:
            return row.filter(status=MailStatus.WAITING)
        # Also where somebody has held this process for dead meanwhile.
        return row.filter(
            status__in=(MailStatus.HANDING_OVER, MailStatus.UNSURE), changed_at=self.taken_at
        )


def send_again(*, mail: OutgoingMail) -> None:
    """Send once more what was given up, or of which nobody knows whether it was sent.

    Raises:
        NotGivenUpError, TextsGoneError
    """
    now = timezone.now()
    with transaction.atomic():
        stored = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
        if stored.status not in (MailStatus.FAILED, MailStatus.UNSURE):
            raise NotGivenUpError
        if not stored.text:
            raise TextsGoneError
        OutgoingMail.objects.filter(pk=mail.pk).update(
            status=MailStatus.WAITING,
            attempts=0,
            due_at=now,
            give_up_at=now + PATIENCE,
            reason="",
        )
        defer(SEND_MAIL, mail_id=mail.pk)


def _close(mail: OutgoingMail) -> None:
    """It was taken. Its texts are of no use any more."""
    # Also where somebody has held this process for dead meanwhile.
    OutgoingMail.objects.filter(
        pk=mail.pk, status__in=(MailStatus.HANDING_OVER, MailStatus.UNSURE)
    ).update(
        status=MailStatus.SENT,
        attempts=F("attempts") + 1,
        reason="",
        text="",
        html="",
        attachments=[],
        changed_at=timezone.now(),
    )


def _try_again(handing: _Handing, reason: str) -> None:
    mail, now = handing.mail, timezone.now()
    due_at = now + timedelta(seconds=_pause(mail.attempts))
    if due_at >= mail.give_up_at:
        _give_up(handing, reason)
        return
    with transaction.atomic():
        # A secret that was wiped, as this process was held for dead, cannot be sent again.
        changed = (
            handing.row()
            .exclude(is_secret=True, text="")
            .update(
                status=MailStatus.WAITING,
                attempts=mail.attempts + 1,
                reason=_reason(reason),
                due_at=due_at,
                changed_at=now,
            )
        )
        if changed:
            defer(SEND_MAIL, after_seconds=(due_at - now).total_seconds(), mail_id=mail.pk)
    if not changed:
        _give_up(handing, reason)


def _give_up(handing: _Handing, reason: str) -> None:
    mail = handing.mail
    with transaction.atomic():
        changed = handing.row().update(
            status=MailStatus.FAILED,
            attempts=mail.attempts + 1,
            reason=_reason(reason),
            changed_at=timezone.now(),
            **_without_secrets(mail),
        )
        if changed:
            MAIL_GIVEN_UP.call_all(mail)
    if changed:  # not to whom, nor what a stranger's server said: both name people
        logger.warning("Gave mail %s of %s up", mail.pk, current_schema())


def _leave_unsure(mail: OutgoingMail, reason: str) -> None:
    changed = OutgoingMail.objects.filter(pk=mail.pk, status=MailStatus.HANDING_OVER).update(
        status=MailStatus.UNSURE, reason=_reason(reason), **_without_secrets(mail)
    )
    if changed:
        logger.warning("Mail %s of %s may have been sent", mail.pk, current_schema())


def _without_secrets(mail: OutgoingMail) -> dict[str, str]:
    return {"text": "", "html": ""} if mail.is_secret else {}


def _reason(text: str) -> str:
    return plain_line(text, most=LONGEST_REASON)


def _pause(attempts: int) -> float:
    seconds = PAUSES[min(attempts, len(PAUSES) - 1)]
    return seconds * (1 + JITTER * (2 * _chance.random() - 1))
