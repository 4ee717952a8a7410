"""Texts that are the same for everybody who asks: made once, and sent once to who keeps them.

Anybody may fetch them as often as they like, so nothing of them is made for a request: each process
makes a text once in each language. It is new with a new version of the program, and so with a new
process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from time import time
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

KEPT_FOR: Final = "public, max-age=3600"
# Where a text names the address of this installation: what is put there differs from one name of
# the installation to another, and anybody may invent those.
HERE: Final = "https://this-installation.invalid"
# Of those who write, their arguments, and languages: all that there are.
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Made:
    """A text, what tells it from every other one, and when it was made (seconds)."""

    text: str
    digest: bytes
    at: int


def for_everybody(
    request: HttpRequest, content_type: str, write: Callable[..., str], *arguments: str
) -> HttpResponseBase:
    """The answer to who asks for a text that `write` makes of these arguments.

    There must be few of these, whatever is asked. HERE stands in it where the address of the
    installation belongs, without a slash at the end.
    """
    made = _made(write, arguments, translation.get_language())
    address = request.build_absolute_uri("/").rstrip("/")
    etag = f'"{sha256(made.digest + address.encode()).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag, last_modified=made.at)
    if answer is None:
        text = made.text.replace(HERE, address)
        answer = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    answer["ETag"] = etag
    answer["Last-Modified"] = http_date(made.at)
    answer["Cache-Control"] = KEPT_FOR
    return answer


@lru_cache(maxsize=_MOST)
def _made(write: Callable[..., str], arguments: tuple[str, ...], _language: str | None) -> Made:
    text = write(*arguments)
    return Made(text, sha256(text.encode()).digest(), int(time()))
