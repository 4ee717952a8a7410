"""The API as a whole: which operations it has, its document, and the page to read that by."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

import tickets.api.problems  # where refusals of tickets belong
import workflows.api.problems  # and those of definitions
from tenants.api.door import door_to
from tenants.api.operations import new_api
from tenants.api.problems import MEDIA_TYPE
from tickets.api import errors, messages, notices, tasks, ticket_types, versions
from tickets.api import tickets as ticket_operations
from workflows.api import audit, definitions, people

__all__ = ["tickets", "workflows"]

PREFIX: Final = "api/v1"
_ABOUT: Final = (
    "Everything that a person may do, a program may do with the same rights, checks and refusals. "
    "It shows a token of a person or of a service account, and everything that it does is recorded "
    "under their name."
)

api = new_api(title="TicketFlower", version="1", description=_ABOUT, urls_namespace="api")
SUBJECTS: Final = (
    ticket_types,
    ticket_operations,
    messages,
    tasks,
    definitions,
    versions,
    errors,
    people,
    notices,
    audit,
)
for subject in SUBJECTS:
    api.add_router("", subject.router)

door = door_to(api, addresses="project.api_urls")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, the same for everybody."""
    with override("en"):
        found = json.loads(json.dumps(api.get_openapi_schema(path_prefix=f"{PREFIX}/")))
    for methods in found["paths"].values():
        for said in methods.values():
            for status, answer in said["responses"].items():
                if int(status) >= HTTPStatus.BAD_REQUEST:  # each is a problem
                    answer["content"] = {MEDIA_TYPE: answer["content"].popitem()[1]}
    return dict(found)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The document as JSON."""
    text = json.dumps(document(), indent=1, ensure_ascii=False)
    return HttpResponse(text, content_type="application/json")


@require_safe
def reference(request: HttpRequest) -> HttpResponseBase:
    """The page to read it by."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            groups.setdefault(said["tags"][0], []).append(_shown(path, method, said))
    schemas = {
        name: json.dumps(schema, indent=2, ensure_ascii=False)
        for name, schema in sorted(document()["components"]["schemas"].items())
    }
    context = {"groups": groups, "about": _ABOUT, "schemas": schemas}
    return render(request, "project/api_reference.html", context)


def _shown(path: str, method: str, said: dict[str, Any]) -> dict[str, Any]:
    """An operation as its template shows it."""
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
        "answers": [
            {"status": status, "description": each["description"], **_of_answer(each)}
            for status, each in sorted(said["responses"].items())
        ],
    }


def _of_answer(answer: dict[str, Any]) -> dict[str, str]:
    contents = list(answer.get("content", {}).values())
    return _named(contents[0].get("schema", {})) if contents else {}


def _named(schema: dict[str, Any]) -> dict[str, str]:
    """The name of a schema, or its own text where it has none."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return {"name": name, "shape": json.dumps(schema)}
