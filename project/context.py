from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from tenants.active_company import active_company
from tenants.names import LONGEST_NAME


def company(request: HttpRequest) -> dict[str, Any]:
    """For every template: `active_company`, whose name each page shows, and `longest_name`."""
    return {"active_company": active_company(request), "longest_name": LONGEST_NAME}
