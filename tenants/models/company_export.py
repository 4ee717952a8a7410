"""An archive of a company, on its way and kept to be fetched."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models.company import Company


class ExportStatus(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    RUNNING = "RUNNING", _("Being made")
    DONE = "DONE", _("Ready to be fetched")
    FAILED = "FAILED", _("Failed")
    DELETED = "DELETED", _("No longer kept")


UNDER_WAY = (ExportStatus.WAITING, ExportStatus.RUNNING)


class CompanyExportQuerySet(models.QuerySet["CompanyExport"]):
    def of_company(self, company: Company) -> CompanyExportQuerySet:
        return self.filter(company=company).order_by("-pk")

    def under_way(self) -> CompanyExportQuerySet:
        return self.filter(status__in=UNDER_WAY)


class CompanyExport(models.Model):
    """An archive of a company, and how far it is.

    In `public`: superusers outside the company start one, too, and none is part of an archive.
    Its file stands among the company's, named by `uuid`. `failure` is a sentence.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="exports", verbose_name=_("company")
    )
    status: models.CharField[str, str] = models.CharField(
        _("status"), max_length=10, choices=ExportStatus.choices, default=ExportStatus.WAITING
    )
    progress = models.PositiveSmallIntegerField(_("progress in per cent"), default=0)
    failure: models.TextField[str, str] = models.TextField(_("failure"), blank=True, default="")
    asked_by: models.TextField[str, str] = models.TextField(_("started by"))
    job_id = models.BigIntegerField(_("job"), null=True, editable=False)
    size = models.BigIntegerField(_("size in bytes"), null=True)
    sha256: models.CharField[str, str] = models.CharField(
        _("digest"), max_length=64, blank=True, default=""
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("ready at"), null=True)
    expires_at = models.DateTimeField(_("kept until"), null=True)

    objects: ClassVar[CompanyExportQuerySet] = CompanyExportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("export of a company")
        verbose_name_plural = _("exports of companies")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("company",),
                condition=Q(status__in=("WAITING", "RUNNING")),
                name="company_export_one_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.company_id}: {self.status}"

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def is_ready(self) -> bool:
        return self.status == ExportStatus.DONE

    @property
    def key(self) -> str:
        """Where its file is kept, among those of the company."""
        return f"exports/{self.uuid}.zip"
