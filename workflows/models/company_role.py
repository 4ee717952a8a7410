from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.fields import NameField, NameKeyField, stored_key
from tenants.names import LONGEST_NAME


class CompanyRoleQuerySet(models.QuerySet["CompanyRole"]):
    def named(self, name: str) -> CompanyRoleQuerySet:
        """The role of this name, or of one that looks like it: at most one."""
        return self.filter(name_key=stored_key(name))

    def update(self, **values: Any) -> int:
        if isinstance(values.get("name"), str):
            values["name_key"] = stored_key(values["name"])
        return super().update(**values)


class CompanyRole(models.Model):
    """A company's own group of people: who may submit a ticket type, who is given a task.

    `name_key` says which names are one (`tenants.names`); it follows the name by itself.
    """

    name: models.CharField[str, str] = NameField(_("name"), max_length=LONGEST_NAME)
    name_key: models.CharField[str, str] = NameKeyField(_("key of the name"))
    description = models.TextField(_("description"), blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="company_roles",
        verbose_name=_("members"),
    )

    objects: ClassVar[CompanyRoleQuerySet] = CompanyRoleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("company role")
        verbose_name_plural = _("company roles")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("name_key",),
                name="company_role_name_key_unique",
                violation_error_message=_("There is already a company role of this name."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields is not None and "name" in update_fields:
            update_fields = {*update_fields, "name_key"}
        super().save(update_fields=update_fields, **options)
