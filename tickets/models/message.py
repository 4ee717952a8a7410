from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.file_upload import FileUpload
from tickets.models.ticket import Ticket
from workflows.models.composed_json import ComposedJson
from workflows.models.status import one_of

if TYPE_CHECKING:
    from tenants.models import User

# In characters: more belongs into a file.
LONGEST_MESSAGE = 10_000
LONGEST_REASON = 500


class Visibility(models.TextChoices):
    """Who reads a message: everybody who takes part in the ticket, or its team only."""

    PUBLIC = "PUBLIC", _("Message")
    INTERNAL = "INTERNAL", _("Internal note")


class MessageQuerySet(models.QuerySet["Message"]):
    def for_display(self) -> MessageQuerySet:
        """With what a page shows of each, in two queries; without the texts before edits."""
        return (
            self.select_related("written_by", "hidden_by")
            .defer("earlier")
            .prefetch_related(
                models.Prefetch("files", FileUpload.objects.select_related("uploaded_by"))
            )
        )


class Message(models.Model):
    """What somebody wrote on a ticket. It may be edited and hidden, and is never deleted.

    `text` is Markdown as it was typed. `mentions` is a list of {"id", "name"}: the people whom it
    names with an @ and who may read it. `earlier` is a list of {"text", "until"}: what it said
    before each edit, and the moment of the edit (ISO 8601). `token` is that of the form: the same
    form makes one message, however often it is sent.

    Who may read it is said by `tickets/taking_part/access.py`, and nowhere else.
    """

    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,  # `message_of_a_ticket` begins with it
        verbose_name=_("ticket"),
    )
    visibility = models.CharField(
        _("who reads it"), max_length=20, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    text = models.TextField(_("text"), blank=True)
    mentions = models.JSONField(_("mentions"), encoder=ComposedJson, default=list, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # the constraint's index begins with it
        verbose_name=_("written by"),
    )
    written_at = models.DateTimeField(_("written at"))
    token = models.CharField(_("token"), max_length=32, editable=False)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    earlier = models.JSONField(_("earlier texts"), encoder=ComposedJson, default=list, blank=True)
    hidden_at = models.DateTimeField(_("hidden at"), null=True, blank=True)
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it
        verbose_name=_("hidden by"),
    )
    hidden_reason = models.CharField(
        _("why it is hidden"), max_length=LONGEST_REASON, blank=True, default=""
    )

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-pk",)
        constraints = (
            one_of("visibility", Visibility, name="message_visibility_known"),
            models.UniqueConstraint(fields=("written_by", "token"), name="message_sent_once"),
            models.CheckConstraint(
                condition=Q(hidden_at=None, hidden_by=None)
                | Q(hidden_at__isnull=False, hidden_by__isnull=False),
                name="message_hidden_by_somebody",
            ),
        )
        indexes = (models.Index(fields=("ticket", "-id"), name="message_of_a_ticket"),)

    def __str__(self) -> str:
        return f"{self.get_visibility_display()} #{self.pk}"

    @property
    def is_internal(self) -> bool:
        return self.visibility == Visibility.INTERNAL

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None

    @property
    def mentioned_ids(self) -> set[int]:
        return {each["id"] for each in self.mentions}

    def is_by(self, user: User) -> bool:
        return self.written_by_id == user.pk


class Follower(models.Model):
    """Somebody who follows a ticket: reads and writes on it, and is told what happens."""

    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.CASCADE,
        related_name="followers",
        db_index=False,  # the constraint's index begins with it
        verbose_name=_("ticket"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("person"),
    )
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = (models.UniqueConstraint(fields=("ticket", "person"), name="follower_once"),)

    def __str__(self) -> str:
        return f"{self.person} → {self.ticket}"
