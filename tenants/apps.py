from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Companies, their people, and which company a request works in."""

    name = "tenants"
    verbose_name = _("Companies and people")

    def ready(self) -> None:
        # Registers them; they read models, which are not there before.
        from tenants.account import jobs, log_ins  # noqa: F401, PLC0415
        from tenants.pages import checks  # noqa: F401, PLC0415
        from tenants.spare_schemas import jobs as spare_schemas  # noqa: F401, PLC0415
        from tenants.wall import check  # noqa: F401, PLC0415
