from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from project.company_name import company_name
from tenants.active_company import active_company
from tenants.names import LONGEST_NAME


def company(request: HttpRequest) -> dict[str, Any]:
    """For every template: `active_company`, the name that each page shows, and `longest_name`."""
    return {
        "active_company": active_company(request),
        "company_name": company_name(request),
        "longest_name": LONGEST_NAME,
    }
