"""What a program that was refused is led to: what stands at our doors (RFC 9728), and how to be let
in there (RFC 8414)."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenants.connecting.addresses import issuer_of, resource_of
from tenants.tokens.doors import Door
from tenants.tokens.scopes import FOR_ASSISTANTS
from tenants.tokens.uses import scopes_at

_DOCUMENTATION: Final = {Door.MCP: "llms_txt", Door.API: "api_reference"}


@require_safe
def resource_metadata(request: HttpRequest, door: Door = Door.MCP) -> HttpResponse:
    """The same for everybody: nobody logs in to read it."""
    here = request.build_absolute_uri
    return _public(
        {
            "resource": resource_of(request, door),
            "resource_name": "TicketFlower",
            "authorization_servers": [issuer_of(request)],
            "bearer_methods_supported": ["header"],
            "scopes_supported": [each.value for each in scopes_at(door)],
            "resource_documentation": here(reverse(_DOCUMENTATION[door])),
        }
    )


@require_safe
def server_metadata(request: HttpRequest) -> HttpResponse:
    """What is not named here there is not: no implicit grant, no secrets, no plain challenges."""
    here = request.build_absolute_uri
    return _public(
        {
            "issuer": issuer_of(request),
            "authorization_endpoint": here(reverse("admin:account_connect")),
            "token_endpoint": here(reverse("oauth_token")),
            "revocation_endpoint": here(reverse("oauth_revoke")),
            "registration_endpoint": here(reverse("oauth_register")),
            "scopes_supported": [each.value for each in FOR_ASSISTANTS],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
            "service_documentation": here(reverse("api_reference")),
        }
    )


def _public(content: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(content)
    response["Cache-Control"] = "public, max-age=3600"
    # Programs that run in a browser read it, too: nothing of anybody stands in it.
    response["Access-Control-Allow-Origin"] = "*"
    return response
