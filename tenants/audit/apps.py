from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Stands in `public` and in every company's schema."""

    name = "tenants.audit"
    label = "audit"
    verbose_name = _("Audit log")
