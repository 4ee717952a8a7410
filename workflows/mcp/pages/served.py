"""What anybody may fetch without a log-in: the format's JSON Schema and description, `llms.txt`.

The same for everybody, and part of the program: it may be kept by whoever fetched it.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenants.pages.for_everybody import HERE, for_everybody
from workflows.mcp.descriptions import MARKDOWN, TEXTS, schema_text, text_of


@require_safe
def bundle_schema(request: HttpRequest) -> HttpResponseBase:
    """The JSON Schema of a bundle; its `$id` is the address at which it stands here."""
    return for_everybody(request, "application/schema+json", schema_text, HERE)


@require_safe
def described(request: HttpRequest, text: str) -> HttpResponseBase:
    """One of the descriptions, as Markdown; `text` is what it is called."""
    if text not in TEXTS:
        raise Http404
    return for_everybody(request, MARKDOWN, text_of, text)


@require_safe
def llms_txt(request: HttpRequest) -> HttpResponseBase:
    """What a model that comes here may read, and where (llmstxt.org)."""
    return for_everybody(request, "text/plain", _llms)


def _llms() -> str:
    lines = [
        "# TicketFlower",
        "",
        "> Ticket and workflow software. A company describes how its work flows, as one document; "
        "people submit tickets, and TicketFlower moves each along. Assistants draft, check, try "
        "and test processes, submit tickets and do tasks, for one person and with their rights. "
        "They never publish: a person does.",
        "",
        f"Assistants connect by the Model Context Protocol at {HERE}{reverse('mcp')}. "
        "Most need that address alone: a person connects them by a click. Others show a token "
        "that a person has made. The tools say what they need and what is missing.",
        "",
        "## The format of a process",
        "",
        f"- [JSON Schema]({HERE}{reverse('bundle_schema')}): every part of the document, with "
        "what it is for",
        *(
            f"- [{title}]({HERE}{reverse('described', args=[name])}): {text}"
            for name, (_file, title, text) in TEXTS.items()
        ),
        "",
    ]
    return "\n".join(lines)
