from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    """Stands in `public` and in every company's schema."""

    name = "tenants.mail"
    label = "mail"
    verbose_name = _("Mail")

    def ready(self) -> None:
        # Registers them; they read the settings, which are not there before.
        from tenants.mail import checks  # noqa: F401, PLC0415
