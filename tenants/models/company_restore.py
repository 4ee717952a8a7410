"""A new company that is made of an archive, on its way."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.company import Company
from tenants.models.company_export import CompanyExport
from tenants.models.fields import NameField
from tenants.names import LONGEST_NAME


class RestoreStatus(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    RUNNING = "RUNNING", _("Being restored")
    DONE = "DONE", _("Restored")
    FAILED = "FAILED", _("Failed")


UNDER_WAY = (RestoreStatus.WAITING, RestoreStatus.RUNNING)


class CompanyRestoreQuerySet(models.QuerySet["CompanyRestore"]):
    def under_way(self) -> CompanyRestoreQuerySet:
        return self.filter(status__in=UNDER_WAY)


class CompanyRestore(models.Model):
    """An archive of which a company is made, and how far it is.

    In `public`, as the company is not there yet; only superusers outside of every company see it.
    The archive is that of `export`, or was uploaded: then its file is named by `uuid`, until this
    has ended. `failure` is a sentence; `company` is what was made, and `begun_id` the number of the
    company that is being filled: unless this ends well, it is deleted.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = NameField(_("name"), max_length=LONGEST_NAME)
    schema_name: models.CharField[str, str] = models.CharField(_("schema"), max_length=63)
    makes_up_addresses = models.BooleanField(_("make up addresses"), default=False)
    export = models.ForeignKey(
        CompanyExport, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    status: models.CharField[str, str] = models.CharField(
        _("status"), max_length=10, choices=RestoreStatus.choices, default=RestoreStatus.WAITING
    )
    progress = models.PositiveSmallIntegerField(_("progress in per cent"), default=0)
    failure: models.TextField[str, str] = models.TextField(_("failure"), blank=True, default="")
    asked_by: models.TextField[str, str] = models.TextField(_("started by"))
    job_id = models.BigIntegerField(_("job"), null=True, editable=False)
    company = models.ForeignKey(
        Company, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    # No key: deleting a company takes with it whatever points to it.
    begun_id = models.BigIntegerField(_("company that was begun"), null=True, editable=False)
    people = models.PositiveIntegerField(_("people"), default=0)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    files = models.PositiveIntegerField(_("files"), default=0)
    missing_files = models.PositiveIntegerField(_("missing files"), default=0)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("ended at"), null=True)

    objects: ClassVar[CompanyRestoreQuerySet] = CompanyRestoreQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("restored company")
        verbose_name_plural = _("restored companies")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.status}"

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def key(self) -> str:
        """Where an archive that was uploaded is kept, among the installation's own files."""
        return f"restores/{self.uuid}.zip"
