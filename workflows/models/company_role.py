from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class CompanyRole(models.Model):
    """A company's own group of people: who may submit a ticket type, who is given a task."""

    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="company_roles",
        verbose_name=_("members"),
    )

    class Meta:
        verbose_name = _("company role")
        verbose_name_plural = _("company roles")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                Lower("name"),
                name="company_role_name_unique",
                violation_error_message=_("There is already a company role of this name."),
            ),
        )

    def __str__(self) -> str:
        return self.name
