from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SpareSchema(models.Model):
    """A schema with all tables of a company, made ahead for the next one that signs up.

    In `public`. tenants/spare_schemas makes and drops them, tenants/provisioning.py takes them; a
    row is there for exactly as long as its schema waits, as both come and go in one transaction.
    """

    schema_name = models.CharField(_("schema"), max_length=63, primary_key=True)
    # What its tables were made from: as `NewCompanyTables.source`.
    source = models.CharField(_("source"), max_length=64)
    # As `Company.schema_version`.
    schema_version = models.CharField(_("version of the schema"), max_length=32)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("spare schema")
        verbose_name_plural = _("spare schemas")
        default_permissions = ()

    def __str__(self) -> str:
        return self.schema_name
