"""The API as a whole: which operations it has, its document, and the page to read that by."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.text import slugify
from django.utils.translation import override
from django.views.decorators.http import require_safe

import tickets.api.problems  # where refusals of tickets belong
import workflows.api.problems  # and those of definitions
from tenants.api.door import door_to
from tenants.api.operations import declared_operations, new_api
from tenants.api.problems import documented_schemas
from tenants.pages.for_everybody import for_everybody
from tenants.tokens.doors import Door
from tenants.tokens.uses import declare_uses
from tickets.api import (
    bulk,
    canned_replies,
    errors,
    messages,
    notices,
    offers,
    own,
    repairs,
    saved,
    settings,
    submitting,
    taking_part,
    tasks,
    ticket_types,
    versions,
    webhooks,
)
from tickets.api import tickets as ticket_operations
from workflows.api import audit, definitions, drafts, invitations, people, roles, working_hours

__all__ = ["tickets", "workflows"]

PREFIX: Final = "api/v1"
_ABOUT: Final = (
    "Everything that a person may do, a program may do with the same rights, checks and refusals. "
    "It shows a token of a person or of a service account, and everything that it does is recorded "
    "under their name. People make tokens in the menu under their name, “My tokens”; a program "
    "sends one as the header Authorization: Bearer tf_…"
)

api = new_api(title="TicketFlower", version="1", description=_ABOUT, urls_namespace="api")
SUBJECTS: Final = (
    own,
    ticket_types,
    ticket_operations,
    submitting,
    saved,
    taking_part,
    messages,
    canned_replies,
    tasks,
    drafts,
    definitions,
    versions,
    offers,
    errors,
    repairs,
    bulk,
    people,
    invitations,
    roles,
    notices,
    settings,
    working_hours,
    webhooks,
    audit,
)
for subject in SUBJECTS:
    api.add_router("", subject.router)
declare_uses(Door.API, declared_operations)

door = door_to(api, addresses="project.programs.api_urls")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, the same for everybody."""
    with override("en"):
        found = json.loads(json.dumps(api.get_openapi_schema(path_prefix=f"{PREFIX}/")))
    found["components"]["schemas"].update(documented_schemas())
    return dict(found)


@require_safe
def openapi(request: HttpRequest) -> HttpResponseBase:
    """The document as JSON."""
    return for_everybody(request, "application/json", _document_text)


@require_safe
def reference(request: HttpRequest) -> HttpResponseBase:
    """The page to read it by."""
    return for_everybody(request, "text/html", _reference_text)


def _document_text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False)


def _reference_text() -> str:
    """In the active language. Nothing of it is about who asks: cookies do not come so far."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            groups.setdefault(said["tags"][0], []).append(_shown(path, method, said))
    schemas = {
        name: json.dumps(schema, indent=2, ensure_ascii=False)
        for name, schema in sorted(document()["components"]["schemas"].items())
    }
    subjects = [
        {"title": title, "slug": f"subject-{slugify(title)}", "operations": operations}
        for title, operations in groups.items()
    ]
    context = {"subjects": subjects, "about": _ABOUT, "schemas": schemas}
    return render_to_string("project/api_reference.html", context)


def _shown(path: str, method: str, said: dict[str, Any]) -> dict[str, Any]:
    """An operation as its template shows it."""
    answers = [
        {"status": status, "description": each["description"], **_of_answer(each)}
        for status, each in sorted(said["responses"].items())
    ]
    bodies = list(said.get("requestBody", {}).get("content", {}).values())
    return {
        **said,
        "path": path,
        "method": method.upper(),
        "scope": said["x-scope"],
        "parameters": [
            {**each, "shape": json.dumps(each["schema"])} for each in said["parameters"]
        ],
        "body": _named(bodies[0]["schema"]) if bodies else None,
        "answers": [each for each in answers if not _is_refusal(each["status"])],
        "refusals": [each for each in answers if _is_refusal(each["status"])],
    }


def _is_refusal(status: str) -> bool:
    return int(status) >= HTTPStatus.BAD_REQUEST


def _of_answer(answer: dict[str, Any]) -> dict[str, str]:
    contents = list(answer.get("content", {}).values())
    return _named(contents[0].get("schema", {})) if contents else {}


def _named(schema: dict[str, Any]) -> dict[str, str]:
    """The name of a schema, or its own text where it has none."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return {"name": name, "shape": json.dumps(schema)}
