"""A stand-in for the accounting system that the demo company's invoices are sent to.

It runs in `public` like any page for visitors, and keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from workflows.engine.process import Json
from workflows.engine.schemas.schema_validation import SchemaValidator

_TEXT: Json = {"type": "string", "pattern": r"\S", "maxLength": 200}
_INVOICE: Json = {
    "type": "object",
    "required": ["creditor", "amount", "invoice_number", "transfer_reference"],
    "properties": {
        "creditor": _TEXT,
        "amount": {"type": "number", "exclusiveMinimum": 0},
        "invoice_number": _TEXT,
        "transfer_reference": _TEXT,
    },
}


@csrf_exempt
def archive_invoice(request: HttpRequest) -> HttpResponse:
    """Answer 201 with the number of the document; the same one for a repeated Idempotency-Key."""
    if not settings.DEMO:
        raise Http404
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        invoice = json.loads(request.body)
    except (ValueError, RecursionError):
        return JsonResponse({"error": _("The body is not JSON.")}, status=400)
    if problems := _validator().validate(invoice):
        found = [{"field": each.field, "message": each.message} for each in problems]
        error = {"error": _("The invoice is not valid."), "problems": found}
        return JsonResponse(error, status=400)
    document = _document(request.headers.get("Idempotency-Key", ""))
    return JsonResponse({"archived": True, "document": document}, status=201)


def _document(idempotency_key: str) -> str:
    """Made of the key, so every web process has the same answer to it, and keeps nothing."""
    seed = idempotency_key.encode() or secrets.token_bytes()
    return f"ACC-{hashlib.sha256(seed).hexdigest()[:8].upper()}"


@lru_cache(maxsize=1)
def _validator() -> SchemaValidator:
    return SchemaValidator(_INVOICE)
