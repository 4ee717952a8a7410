"""The words of all scripts in one language: built once, and sent to a browser once."""

from __future__ import annotations

import functools
import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition
from django.views.i18n import JavaScriptCatalog


def script_texts(request: HttpRequest) -> HttpResponseBase:
    """The catalogue of the active language as a script.

    A browser asks each time whether it is still the same: the address does not say which language
    it is in, and a person may choose another. The answer is that it is, in a few bytes.
    """
    response: HttpResponseBase = _answer(request)
    patch_cache_control(response, private=True, no_cache=True)
    return response


@functools.cache
def catalogue_in(language: str) -> tuple[bytes, str]:
    """The script, and its name (an ETag): other words have another."""
    asked = HttpRequest()
    asked.method = "GET"
    with translation.override(language):
        content: bytes = JavaScriptCatalog.as_view()(asked).content  # type: ignore[attr-defined]
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _name(request: HttpRequest) -> str:
    return catalogue_in(translation.get_language())[1]


@condition(etag_func=_name)
def _answer(request: HttpRequest) -> HttpResponse:
    content, _etag = catalogue_in(translation.get_language())
    return HttpResponse(content, content_type='text/javascript; charset="utf-8"')
