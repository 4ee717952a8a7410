"""What anybody may fetch without a log-in: the format's JSON Schema and description, `llms.txt`.

The same for everybody, and part of the program: it may be kept by whoever fetched it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import reverse
from django.views.decorators.http import require_safe

from workflows.mcp.descriptions import MARKDOWN, TEXTS, schema_text, text_of

_KEPT_FOR: Final = "public, max-age=3600"


@require_safe
def bundle_schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema of a bundle; its `$id` is the address at which it stands here."""
    return _served(request, schema_text(_address(request)), "application/schema+json")


@require_safe
def described(request: HttpRequest, text: str) -> HttpResponse:
    """One of the descriptions, as Markdown; `text` is what it is called."""
    if text not in TEXTS:
        raise Http404
    return _served(request, text_of(text), MARKDOWN)


@require_safe
def llms_txt(request: HttpRequest) -> HttpResponse:
    """What a model that comes here may read, and where (llmstxt.org)."""
    address = _address(request)
    lines = [
        "# TicketFlower",
        "",
        "> Ticket and workflow software. A company describes how its work flows, as one document; "
        "people submit tickets, and TicketFlower moves each along. Assistants draft, check, try "
        "and test processes, submit tickets and do tasks, for one person and with their rights. "
        "They never publish: a person does.",
        "",
        f"Assistants connect by the Model Context Protocol at {address}{reverse('mcp')}, with a "
        "token that a person has made. The tools say what they need and what is missing.",
        "",
        "## The format of a process",
        "",
        f"- [JSON Schema]({address}{reverse('bundle_schema')}): every part of the document, with "
        "what it is for",
        *(
            f"- [{title}]({address}{reverse('described', args=[name])}): {text}"
            for name, (_file, title, text) in TEXTS.items()
        ),
        "",
    ]
    return _served(request, "\n".join(lines), "text/plain")


def _address(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _served(request: HttpRequest, text: str, content_type: str) -> HttpResponse:
    etag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    response["ETag"] = etag
    response["Cache-Control"] = _KEPT_FOR
    return response
