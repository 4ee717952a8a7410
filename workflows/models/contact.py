from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.fields import EmailAddressField, NameField
from tenants.names import LONGEST_NAME
from workflows.models.task_instance import TaskInstance


class Contact(models.Model):
    """Somebody outside the company, by an e-mail address: never a user, and logs in nowhere."""

    email: models.CharField[str, str] = EmailAddressField(_("e-mail address"))
    name: models.CharField[str, str] = NameField(
        _("name"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        _("created at"), db_default=Now()
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        default_permissions = ("view",)
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("email",), name="contact_email_unique"),)

    def __str__(self) -> str:
        return self.name or self.email


class ContactLinkQuerySet(models.QuerySet["ContactLink"]):
    def of_task(self, task: TaskInstance) -> ContactLinkQuerySet:
        return self.filter(task=task.pk)

    def good(self, now: datetime) -> ContactLinkQuerySet:
        """Those whose time is not over."""
        return self.filter(expires_at__gt=now)

    def sent_since(self, moment: datetime) -> ContactLinkQuerySet:
        return self.filter(created_at__gt=moment)


class ContactLink(models.Model):
    """A link by which a contact does one task. Of its secret only a digest is kept.

    A task may have several: each reminder brings a new one. All are used when it is answered.
    """

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="links", verbose_name=_("contact")
    )
    task = models.ForeignKey(
        TaskInstance, on_delete=models.CASCADE, related_name="links", verbose_name=_("task")
    )
    digest: models.CharField[str, str] = models.CharField(
        _("digest of the link's secret"), max_length=64
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("sent"))
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("link ends"))
    used_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("answered"), null=True
    )

    objects: ClassVar[ContactLinkQuerySet] = ContactLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("link of a contact")
        verbose_name_plural = _("links of contacts")
        default_permissions = ()
        ordering = ("-pk",)

    def __str__(self) -> str:
        return str(self.contact)
