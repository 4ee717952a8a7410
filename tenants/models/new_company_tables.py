from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NewCompanyTables(models.Model):
    """The SQL that makes the tables of a new company, as one version of the code collected it.

    In `public`. Putting it together takes seconds, so one process does it for all;
    tenants/provisioning.py alone writes and reads it.
    """

    # What it was collected from: a digest, see `source_digest`.
    source = models.CharField(_("source"), max_length=64, primary_key=True)
    statements = models.TextField(_("statements"))
    # As `Company.schema_version`.
    schema_version = models.CharField(_("version of the schema"), max_length=32)

    class Meta:
        verbose_name = _("tables of a new company")
        verbose_name_plural = _("tables of new companies")
        default_permissions = ()

    def __str__(self) -> str:
        return self.source
