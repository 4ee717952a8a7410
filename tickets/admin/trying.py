"""The addresses of the pages on which a definition is tried."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy

from tickets.admin.detail_page import DetailPageAdmin
from tickets.admin.replay_page import ReplayPage
from tickets.admin.test_cases_page import TestCasesPage
from tickets.admin.try_page import TryPage, TryVisible

_PAGES: dict[str, tuple[str, Any, Any]] = {
    "try": ("try/", TryPage, gettext_lazy("Try it")),
    "try_visible": ("try/visible/", TryVisible, ""),
    "tests": ("tests/", TestCasesPage, gettext_lazy("Test cases")),
    "replay": ("replay/", ReplayPage, gettext_lazy("Replay")),
}


def trying_urls(model_admin: DetailPageAdmin) -> list[URLPattern]:
    """Beneath the address of one workflow definition."""
    return [
        path(
            f"<int:object_id>/{address}",
            model_admin.admin_site.admin_view(page.as_view(model_admin=model_admin, crumb=crumb)),
            name=f"workflows_workflowdefinition_{name}",
        )
        for name, (address, page, crumb) in _PAGES.items()
    ]
