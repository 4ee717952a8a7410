"""The pictures of people: for those of their company, and for superusers who have entered it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse

from tenants.account.pages.account_page import AccountPage
from tenants.account.picture import CONTENT_TYPE, FOLDER
from tenants.companies.active_company import active_company
from tenants.errors import StorageAwayError
from tenants.models import User

logger = logging.getLogger(__name__)

# Each picture has an address of its own: what a browser has of one never grows old.
_YEAR = 365 * 24 * 60 * 60


class PicturePage(AccountPage):
    """Hands a picture out; of one that is not there, or not theirs, nobody can tell which."""

    http_method_names = ["get"]
    needs_company = True

    key: str

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and active_company(request) is not None

    def turn_away(self) -> Any:
        raise Http404

    def find(self, **arguments: Any) -> None:
        company = active_company(self.request)
        if company is None:
            raise Http404
        key = f"{FOLDER}/{arguments['version']}"
        people = User.objects.of_company(company)
        if not people.filter(pk=arguments["person_id"], picture=key).exists():
            raise Http404
        self.key = key

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        try:
            with default_storage.open(self.key, "rb") as file:
                content = file.read()  # some kilobytes
        except FileNotFoundError as error:
            raise Http404 from error
        except OSError:
            logger.exception("The picture %s could not be read", self.key)
            return _away()
        response = HttpResponse(content, content_type=CONTENT_TYPE)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = f"private, max-age={_YEAR}, immutable"
        return response


def _away() -> HttpResponse:
    """What a browser asks for once more the next time: the page around it shows no picture."""
    response = HttpResponse(
        StorageAwayError.message,
        content_type="text/plain; charset=utf-8",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )
    response["Cache-Control"] = "no-store"
    return response
