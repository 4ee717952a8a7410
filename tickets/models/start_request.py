from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.fields import EmailAddressField
from tickets.models.ticket import Ticket
from workflows.models.composed_json import ComposedJson
from workflows.models.ticket_definition import TicketDefinition


class StartRequest(models.Model):
    """A ticket that somebody outside wants to begin, until they have proven their address.

    Of the secret in the mail's link only a digest is kept. The answers are gone when the ticket is
    there, and the row when the link has ended.
    """

    definition = models.ForeignKey(
        TicketDefinition,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("ticket type"),
    )
    email: models.CharField[str, str] = EmailAddressField(_("e-mail address"))
    answers = models.JSONField(_("answers"), encoder=ComposedJson, default=dict)
    digest = models.CharField(_("digest of the link's secret"), max_length=64)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("link ends"), db_index=True)
    used_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ticket = models.ForeignKey(
        Ticket,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ticket"),
    )

    class Meta:
        verbose_name = _("ticket to be confirmed")
        verbose_name_plural = _("tickets to be confirmed")
        default_permissions = ()
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.email
