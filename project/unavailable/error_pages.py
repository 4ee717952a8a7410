"""What went wrong: Django renders the pages 400 and 500 with nothing, and ours name the company."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from project.company_name import company_name
from project.unavailable.trouble import trouble_page
from tenants.database.trouble import trouble_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page 400: the request could not be read."""
    return HttpResponse(_problem("400.html", request), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page 500. It asks the database for nothing: that may be what went wrong."""
    error = sys.exc_info()[1]
    trouble = None if error is None else trouble_of(error)
    if trouble is not None:  # met before any view: who asks is not known
        return trouble_page(request, trouble)
    return HttpResponse(_problem("500.html", request), status=500)


def _problem(template: str, request: HttpRequest) -> str:
    return render_to_string(template, {"company_name": company_name(request)})
