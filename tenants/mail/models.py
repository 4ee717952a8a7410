"""The outbox, and what came in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

LONGEST_SUBJECT = 200
LONGEST_ADDRESS = 254
LONGEST_MESSAGE_ID = 200
LONGEST_REASON = 500


class MailStatus(models.TextChoices):
    """How far a mail is. The values stand in the database."""

    WAITING = "WAITING", _("Waits")
    HANDING_OVER = "HANDING_OVER", _("Is being handed over")
    SENT = "SENT", _("Sent")
    # The server was given all of it, and nobody knows whether it has taken it.
    UNSURE = "UNSURE", _("May have been sent")
    FAILED = "FAILED", _("Given up")


# Nothing happens to these by itself.
ENDED = (MailStatus.SENT, MailStatus.UNSURE, MailStatus.FAILED)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def waiting(self) -> OutgoingMailQuerySet:
        return self.filter(status=MailStatus.WAITING)


class OutgoingMail(models.Model):
    """A mail to one address. Its texts are gone once it was sent.

    Those of a mail that holds a secret, such as a link with which somebody logs in, stand encrypted
    (`tenants/encryption.py`), and are gone when it is given up, too. Nothing here points to another
    row but to the person: a table in every schema is to cost little.
    """

    kind: models.CharField[str, str] = models.CharField(
        _("kind"), max_length=40, help_text=_("What it is about, in a word.")
    )
    # Number of a person; not a foreign key, as mails to strangers stand here, too.
    person_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of the person"), null=True
    )
    to: models.CharField[str, str] = models.CharField(_("to"), max_length=LONGEST_ADDRESS)
    subject: models.CharField[str, str] = models.CharField(_("subject"), max_length=LONGEST_SUBJECT)
    text: models.TextField[str, str] = models.TextField(_("text"), default="", db_default="")
    html: models.TextField[str, str] = models.TextField(_("HTML"), default="", db_default="")
    is_secret: models.BooleanField[bool, bool] = models.BooleanField(
        _("holds a secret"), default=False, db_default=False
    )
    message_id: models.CharField[str, str] = models.CharField(
        _("Message-ID"), max_length=LONGEST_MESSAGE_ID
    )
    in_reply_to: models.CharField[str, str] = models.CharField(
        _("In-Reply-To"), max_length=LONGEST_MESSAGE_ID, default="", db_default=""
    )
    references: models.TextField[str, str] = models.TextField(
        _("References"), default="", db_default=""
    )
    reply_to: models.CharField[str, str] = models.CharField(
        _("Reply-To"), max_length=LONGEST_ADDRESS, default="", db_default=""
    )
    list_unsubscribe: models.TextField[str, str] = models.TextField(
        _("List-Unsubscribe"), default="", db_default=""
    )
    attachments: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        _("attachments"),
        default=list,
        db_default=[],
        help_text=_("Files of the storage: name there, name for people, type."),
    )
    status: models.CharField[str, str] = models.CharField(
        _("status"),
        max_length=12,
        choices=MailStatus.choices,
        default=MailStatus.WAITING,
        db_default=MailStatus.WAITING.value,
    )
    attempts: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("attempts"), default=0, db_default=0
    )
    reason: models.CharField[str, str] = models.CharField(
        _("why not yet"), max_length=LONGEST_REASON, default="", db_default=""
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("written"), db_default=Now()
    )
    due_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("next attempt"), db_default=Now()
    )
    give_up_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("given up after"))
    # When its end was about to be handed over, or it was sent or given up.
    changed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("last attempt"), null=True
    )

    objects: ClassVar[OutgoingMailQuerySet] = OutgoingMailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        # Who may change one may have it sent again.
        default_permissions = ("view", "change")
        ordering = ("-pk",)
        constraints = (
            # Not unique=True, which makes a second index for LIKE in each schema.
            models.UniqueConstraint(fields=("message_id",), name="mail_once_by_message_id"),
        )
        indexes = (
            # Few rows are in it: those that are not at their end.
            models.Index(
                fields=["due_at"],
                name="mail_waits",
                condition=models.Q(status__in=("WAITING", "HANDING_OVER")),
            ),
        )

    def __str__(self) -> str:
        return self.to  # the subject is not for everybody who sees the list


class Refusal(models.TextChoices):
    """Why a mail that came in was not taken. The values stand in the database."""

    UNREADABLE = "UNREADABLE", _("It is no mail, or one that no mail program writes")
    TOO_LARGE = "TOO_LARGE", _("It is too large")
    NO_ADDRESS = "NO_ADDRESS", _("It was not sent to an address for replies")
    UNKNOWN_ADDRESS = "UNKNOWN_ADDRESS", _("The address for replies is not one of ours")
    EXPIRED = "EXPIRED", _("The address for replies is too old")
    AUTOMATIC = "AUTOMATIC", _("A program has written it")
    BOUNCED = "BOUNCED", _("It says that a mail was not delivered")
    OWN = "OWN", _("We have sent it ourselves")
    FORGED = "FORGED", _("The mail server says that its sender is forged")
    WRONG_SENDER = "WRONG_SENDER", _("It comes from another address than the mail was sent to")
    NO_ACCESS = "NO_ACCESS", _("Its sender may not write on the ticket, or not any more")
    EMPTY = "EMPTY", _("It has no text of its own")
    TOO_LONG = "TOO_LONG", _("Its text is too long")
    TOO_MANY = "TOO_MANY", _("Its sender has written too many messages")
    FILES = "FILES", _("A file is too large, or there are too many")
    STORAGE = "STORAGE", _("The company has no room for its files")
    SWITCHED_OFF = "SWITCHED_OFF", _("The company is switched off, or to be deleted")
    FAILED = "FAILED", _("It could not be handled, however often that was tried")


class ReceivedMailQuerySet(models.QuerySet["ReceivedMail"]):
    def refused(self) -> ReceivedMailQuerySet:
        return self.exclude(refusal="")


class ReceivedMail(models.Model):
    """A mail that came in, and what became of it; nothing of what it says.

    One that is about a company stands in its schema, all others in `public`. `digest` is that of
    its Message-ID: the same mail makes one row, and one message, however often it comes. Nothing
    here points to another row: what it is about may be gone.
    """

    digest: models.CharField[str, str] = models.CharField(_("digest"), max_length=64)
    received_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("received"), db_default=Now()
    )
    refusal: models.CharField[str, str] = models.CharField(
        _("why it was refused"),
        max_length=20,
        choices=Refusal.choices,
        blank=True,
        default="",
        db_default="",
    )
    sender: models.CharField[str, str] = models.CharField(
        _("from"), max_length=LONGEST_ADDRESS, default="", db_default=""
    )
    person_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of the person"), null=True
    )
    ticket_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of the ticket"), null=True
    )
    message_id: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        _("number of the message"), null=True
    )

    objects: ClassVar[ReceivedMailQuerySet] = ReceivedMailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("received mail")
        verbose_name_plural = _("received mails")
        default_permissions = ("view",)
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("digest",), name="received_mail_once"),)

    def __str__(self) -> str:
        return self.sender
