from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class ProjectConfig(AppConfig):
    """Settings, addresses, the admin site and its theme."""

    name = "project"


class AdminConfig(DjangoAdminConfig):
    """Django's admin, with our site in the place of the default one."""

    default_site = "project.admin_site.site.TicketFlowerAdminSite"
