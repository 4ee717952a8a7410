"""A request that is sent twice, as its answer was lost on the way, acts once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Schema
from ninja.responses import NinjaJSONEncoder

from tenants.errors import TokenError
from tenants.limits.kept_answers import count_kept_answer, ensure_room_for_answer
from tenants.models import KeptAnswer

KEY_HEADER: Final = "Idempotency-Key"
REPEATED_HEADER: Final = "Idempotent-Replayed"
KEPT_FOR: Final = timedelta(days=1)
# Deleted in one transaction.
AT_ONCE: Final = 1_000
_KEEPS_NOTHING: Final = "keeps_nothing"
_KEY: Final = re.compile(r"[!-~]{1,128}")
# Whoever sends the same at the same moment waits here until the first is done.
_BEGIN: Final = """
INSERT INTO public.tenants_keptanswer (company_id, token_id, key, request, status, created_at)
VALUES (%s, %s, %s, %s, 0, %s) ON CONFLICT (token_id, key) DO NOTHING RETURNING id
"""


class KeyFormError(TokenError):
    message = _("An Idempotency-Key is 1 to 128 letters, digits and signs, without spaces.")
    status = HTTPStatus.BAD_REQUEST


class KeyUsedError(TokenError):
    message = _("Another request had this Idempotency-Key. Give each request its own.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY


def answer_once(request: HttpRequest, *, act: Callable[[], Any], status: int) -> Any:
    """Act, and keep the answer under the key that the request names; if it does, act once.

    What was done and its answer are committed together. What is refused is not kept: the key is
    free for another try.

    Raises:
        KeyFormError: it is no key.
        KeyUsedError: another request of this token had it.
        KeysUsedUpError: more answers than these are not kept in a day.
    """
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return act()
    if not _KEY.fullmatch(key):
        raise KeyFormError
    with transaction.atomic():
        kept, is_new = _begin(request, sha256(key.encode()).digest())
        if not is_new:
            return _again(kept, request)
        token = request.holder.token  # type: ignore[attr-defined]
        whose = {"owner_id": token.owner_id, "schema": token.company.schema_name}
        ensure_room_for_answer(**whose)
        result = act()
        if getattr(request, _KEEPS_NOTHING, False):
            kept.delete()
            return result
        body = _as_answered(result) if isinstance(result, Schema) else result
        KeptAnswer.objects.filter(pk=kept.pk).update(status=status, body=body)
        count_kept_answer(**whose, size=len(json.dumps(body)))
    return result


def keep_nothing(request: HttpRequest) -> None:
    """For an operation that finds nothing to do: whoever sends it again is answered the same."""
    setattr(request, _KEEPS_NOTHING, True)


def names_key(request: HttpRequest) -> bool:
    """Whether the answer is kept: then all that is done is committed with it, and not before."""
    return KEY_HEADER in request.headers


def forget_answers() -> int:
    """Delete answers that are older than KEPT_FOR; returns how many. Call it in `public`.

    In small transactions: one company's programs may have left very many.
    """
    old = KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).order_by("created_at")
    total = 0
    while some := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        total += KeptAnswer.objects.filter(pk__in=some).delete()[0]
    return total


def _as_answered(result: Schema) -> Any:
    """To the letter, moments too: as the answer that is sent now."""
    return json.loads(json.dumps(result.model_dump(), cls=NinjaJSONEncoder))


def _begin(request: HttpRequest, key: bytes) -> tuple[KeptAnswer, bool]:
    token = request.holder.token  # type: ignore[attr-defined]
    values = [token.company_id, token.pk, key, _digest_of(request), timezone.now()]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, values)
        is_new = cursor.fetchone() is not None
    return KeptAnswer.objects.get(token=token, key=key), is_new


def _again(kept: KeptAnswer, request: HttpRequest) -> JsonResponse:
    if bytes(kept.request) != _digest_of(request):
        raise KeyUsedError
    response = JsonResponse(kept.body, status=kept.status, safe=False)
    response[REPEATED_HEADER] = "true"
    return response


def _digest_of(request: HttpRequest) -> bytes:
    said = f"{request.method}\n{request.get_full_path()}\n{request.content_type}\n"
    return sha256(said.encode("utf-8", "replace") + request.body).digest()
