"""What assistants do stands in the audit log, and is done once for each key.

The answer is kept as that of a request to the API is (`KeptAnswer`), in the transaction of what was
done: the same key with the same arguments gets the first one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Final, TypedDict

from django.db import connection, transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.limits.kept_answers import count_kept_answer, ensure_room_for_answer
from tenants.mcp.errors import KeyUsedError
from tenants.mcp.tool import Call, JsonObject
from tenants.models import KeptAnswer

ACTED: Final = declare("assistants.acted", _("An assistant or a program did something"))


class NothingDone(Exception):  # noqa: N818 - it is no error
    """What is to be answered where nothing was to be done: then nothing is kept."""

    def __init__(self, result: JsonObject) -> None:
        self.result = result
        super().__init__()


def run_once(call: Call, act: Callable[[], JsonObject]) -> JsonObject:
    """Act, unless this token has sent this key before; then return what came of it.

    `act` raises NothingDone where there was nothing to do.

    What is done, the note of it and its answer are committed together; two at the same moment wait
    for each other. What is refused is not kept: the key is free for another try.

    Raises:
        KeyUsedError: the key came with another tool, or with other arguments.
        KeysUsedUpError: more results than these are not kept in a day.
    """
    with transaction.atomic():
        _lock(call)
        earlier = result_before(call)
        if earlier is not None:
            return earlier
        ensure_room(call)
        try:
            result = act()
        except NothingDone as nothing:
            return nothing.result
        keep_result(call, result)
    return result


def result_before(call: Call) -> JsonObject | None:
    """What came of the same call before; None: it is the first.

    Raises:
        KeyUsedError: the key came with another tool, or with other arguments.
    """
    found = KeptAnswer.objects.filter(token=call.token_id, key=_key_of(call)).first()
    if found is None:
        return None
    if bytes(found.request) != _request_of(call) or not isinstance(found.body, dict):
        raise KeyUsedError
    return dict(found.body)


def keep_result(call: Call, result: JsonObject) -> None:
    """Keep what came of a call, for whoever sends its key again. One that is kept already stays.

    The last statement of its transaction.
    """
    kept = KeptAnswer(
        company=call.person.company,
        token_id=call.token_id,
        key=_key_of(call),
        request=_request_of(call),
        status=HTTPStatus.OK,
        body=result,
        created_at=call.now,
    )
    KeptAnswer.objects.bulk_create([kept], ignore_conflicts=True)
    count_kept_answer(**_whose(call), size=len(json.dumps(result)))


def ensure_room(call: Call) -> None:
    """Before something is done whose result is to be kept.

    Raises:
        KeysUsedUpError: more than these are not kept in a day.
    """
    ensure_room_for_answer(**_whose(call))


def record_act(call: Call, *, about: Model | None = None) -> None:
    """Note what an assistant has done, in the transaction in which it is done."""
    record(ACTED, about=about, person=call.person, tool=call.tool)


def _key_of(call: Call) -> bytes:
    # Not the digest that the API keeps of the same text: a key of one says nothing to the other.
    return sha256(f"mcp {call.key}".encode()).digest()


def _request_of(call: Call) -> bytes:
    return sha256(f"{call.tool} {json.dumps(call.arguments, sort_keys=True)}".encode()).digest()


class _Whose(TypedDict):
    owner_id: int
    schema: str


def _whose(call: Call) -> _Whose:
    company = call.person.company
    return {"owner_id": call.person.pk, "schema": company.schema_name if company else ""}


def _lock(call: Call) -> None:
    name = f"mcp:{call.token_id}:{_key_of(call).hex()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
