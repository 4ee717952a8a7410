from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.active_company import CompanyRequest, find_active_company
from tenants.connection import use_company, use_public

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PublicSchemaMiddleware:
    """Begins and ends every request in `public`. The first that may ask the database.

    A connection outlives its request: without this the next request of the process would
    begin in the last one's company.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        use_public()
        try:
            return self.get_response(request)
        finally:
            use_public()


class ActiveCompanyMiddleware:
    """Sets the connection to the company of the person who asks. After authentication."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: CompanyRequest) -> HttpResponseBase:
        request.company = find_active_company(request)
        if request.company is not None:
            use_company(request.company)
        return self.get_response(request)
