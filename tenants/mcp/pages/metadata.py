"""What a program that was refused is led to: what `/mcp` is, and how to be let in (RFC 9728)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenants.tokens.scopes import NEVER_FOR_ASSISTANTS, Scope


def metadata_address() -> str:
    return reverse("mcp_metadata")


@require_safe
def resource_metadata(request: HttpRequest) -> HttpResponse:
    """The same for everybody: nobody logs in to read it."""
    here = request.build_absolute_uri
    response = JsonResponse(
        {
            "resource": here(reverse("mcp")),
            "resource_name": "TicketFlower",
            "bearer_methods_supported": ["header"],
            "scopes_supported": [each.value for each in Scope if each not in NEVER_FOR_ASSISTANTS],
            "resource_documentation": here(reverse("llms_txt")),
        }
    )
    response["Cache-Control"] = "public, max-age=3600"
    return response
