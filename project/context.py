from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from tenants.active_company import active_company


def company(request: HttpRequest) -> dict[str, Any]:
    """`active_company` for every template: each page shows the company's name."""
    return {"active_company": active_company(request)}
