from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket
from workflows.models.composed_json import ComposedJson
from workflows.models.status import one_of

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.models import User


class MailState(models.TextChoices):
    """How far the mail about a notice is."""

    WAITS = "WAITS", _("Waits for the job that looks how the person wants it")
    DIGEST = "DIGEST", _("Waits for the daily digest")
    DONE = "DONE", _("Sent, or not wanted")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, person: User) -> NoticeQuerySet:
        return self.filter(recipient=person)

    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at=None)

    def mark_read(self, *, now: datetime) -> int:
        """Returns how many were unread."""
        return self.unread().update(read_at=now)

    def with_words(self) -> NoticeQuerySet:
        """With what their sentences say, in one query: of a ticket not its answers, which may be
        megabytes each."""
        return self.select_related("ticket", "actor", "recipient").defer("ticket__data")


class Notice(models.Model):
    """What TicketFlower tells a person. Its sentence is made when it is shown: see `kind`.

    `about` is what the sentence needs besides the ticket and the `actor`, who did it (none: the
    system did), such as a task's title. No names of people stand in it. Of one `key` a person gets
    one notice of a kind; without a key there may be many.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # `notice_of_a_person` begins with it
        verbose_name=_("person"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("ticket"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it
        verbose_name=_("who did it"),
    )
    about = models.JSONField(_("about"), encoder=ComposedJson, default=dict, blank=True)
    key = models.CharField(_("key"), max_length=100, db_default="", default="", blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    mail = models.CharField(
        _("mail"),
        max_length=10,
        choices=MailState.choices,
        default=MailState.WAITS,
        db_default=MailState.WAITS,
        editable=False,
    )

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ("-pk",)
        default_permissions = ()
        constraints = (
            one_of("mail", MailState, name="notice_mail_known"),
            models.UniqueConstraint(
                fields=("recipient", "kind", "key"), condition=~Q(key=""), name="notice_once"
            ),
        )
        indexes = (
            models.Index(fields=("recipient", "-id"), name="notice_of_a_person"),
            # The bell counts by it, and the list of unread ones reads it.
            models.Index(
                fields=("recipient", "-id"), condition=Q(read_at=None), name="notice_unread"
            ),
            models.Index(
                fields=("recipient", "id"),
                condition=Q(mail__in=("WAITS", "DIGEST")),
                name="notice_to_mail",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} ({self.ticket_id})"


class NoticePreferences(models.Model):
    """How a person wants to be told by mail: {kind: "AT_ONCE", "DIGEST" or "NEVER"}.

    A kind that is not named has its own default. `digest_on` is the day of the last digest.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("person"),
    )
    mail = models.JSONField(_("by mail"), default=dict, blank=True)
    digest_on = models.DateField(_("day of the last digest"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice preferences")
        verbose_name_plural = _("notice preferences")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.person)
