"""What the input for a person asks while somebody types."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse

from tenants.connection import current_schema
from tenants.pages.page import ScriptPage, register_page
from workflows.engine.storable import unstorable
from workflows.fields.person.lookup import RoleKey, search_people
from workflows.fields.person.screen import SEARCH
from workflows.models import WorkflowDefinition

FEWEST_CHARACTERS = 2
MOST_CHARACTERS = 100


@register_page(WorkflowDefinition, "people/", name="workflows_workflowdefinition_people")
class PeopleSearch(ScriptPage):
    """Names and addresses for a question of a form; only a form that asks it can be answered.

    Its address is signed by the form's page, for this company and for the role of the question.
    """

    permissions = ()
    http_method_names = ["get"]

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        role = _signed_role(request.GET.get("of", ""))
        text = request.GET.get("q", "").strip()[:MOST_CHARACTERS]
        if len(text) < FEWEST_CHARACTERS or any(unstorable(text)):
            return JsonResponse({"people": []})
        people = [{"email": e.email, "name": str(e)} for e in search_people(text, role)]
        return JsonResponse({"people": people})


def _signed_role(token: str) -> RoleKey:
    """Raises PermissionDenied: it was not signed here, for this company."""
    try:
        schema, role = signing.loads(token, salt=SEARCH)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise PermissionDenied from error
    if schema != current_schema():
        raise PermissionDenied
    return role if isinstance(role, int | str) else None
