"""What the input for a person asks while somebody types."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse

from tenants.connection import current_schema
from tenants.models import User
from tenants.pages.page import ScriptPage, register_page
from workflows.engine.values.storable import unstorable
from workflows.fields.person.lookup import people_of_role, search_people, workers_but
from workflows.fields.person.screen import SEARCH, with_absence
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
        people, tells_away = _signed_people(request.GET.get("of", ""))
        text = request.GET.get("q", "").strip()[:MOST_CHARACTERS]
        if len(text) < FEWEST_CHARACTERS or any(unstorable(text)):
            return JsonResponse({"people": []})
        found = [
            {"email": each.email, "name": with_absence(each) if tells_away else str(each)}
            for each in search_people(text, people)
        ]
        return JsonResponse({"people": found})


def _signed_people(token: str) -> tuple[QuerySet[User], bool]:
    """Among whom is searched, and whether it is said who is away.

    Raises PermissionDenied: it was not signed here, for this company.
    """
    try:
        # One that was signed before there was a third part is still on somebody's page.
        schema, role, without = [*signing.loads(token, salt=SEARCH), None][:3]
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise PermissionDenied from error
    if schema != current_schema():
        raise PermissionDenied
    if isinstance(without, int):
        return workers_but(without), True
    return people_of_role(role if isinstance(role, int | str) else None), False
