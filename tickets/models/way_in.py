from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.rolled_secret import RolledSecret


class WayIn(RolledSecret):
    """How tickets of a type come in without anybody who fills in its form; all of it is off at
    first. It belongs to the ticket type whatever its version: `type_key`.

    By its web address they come as those of `person`, signed with the secret, which stands
    encrypted; one that was replaced is taken until `old_until`. By mail they come as those of who
    has sent the mail: `mail_text` is the question that its text answers, `mail_files` are those
    that its files answer, one each.
    """

    type_key = models.CharField(_("key of the ticket type"), max_length=63, unique=True)
    address_on = models.BooleanField(_("takes tickets at a web address"), default=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
    )
    mail_on = models.BooleanField(_("takes tickets by mail"), default=False)
    mail_text = models.CharField(_("question for the text"), max_length=63, blank=True, default="")
    mail_files = models.JSONField(_("questions for the files"), default=list, blank=True)

    class Meta:
        verbose_name = _("way in")
        verbose_name_plural = _("ways in")

    def __str__(self) -> str:
        return self.type_key


class Delivery(models.Model):
    """A message that another system has sent, and what it was answered: a repeat gets the same.

    `about` is the key of the ticket type; `message_id` is what the sender calls the message.
    """

    about = models.CharField(_("about"), max_length=127)
    message_id = models.CharField(_("number of the message"), max_length=255)
    digest = models.CharField(_("digest"), max_length=64)
    reply = models.JSONField(_("reply"), default=dict)
    received_at = models.DateTimeField(_("received at"))

    objects: ClassVar[models.Manager[Delivery]] = models.Manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (
            models.UniqueConstraint(fields=("about", "message_id"), name="delivery_once"),
        )
        indexes = (models.Index(fields=("received_at",), name="delivery_received"),)

    def __str__(self) -> str:
        return self.message_id
