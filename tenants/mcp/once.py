"""What assistants do is in the audit log, and is done once for each key.

The log is where it is looked up, too, when a call comes again: the same key with the same
arguments gets the first answer. There is no second note of it that could say something else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import ActorKind
from tenants.audit.kinds import declare
from tenants.audit.models import CALL, AuditEvent
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.mcp.errors import KeyUsedError
from tenants.mcp.tool import Call, JsonObject

ACTED: Final = declare("assistants.acted", _("An assistant or a program did something"))
# For how long a key is known.
REMEMBERED: Final = timedelta(days=1)


def run_once(
    call: Call, act: Callable[[], JsonObject], *, about: Model | None = None
) -> JsonObject:
    """Act, unless this person's token has sent this key before; then return what came of it.

    What is done and the note of it are committed together; two at the same moment wait for each
    other.

    Raises:
        KeyUsedError: the key came with other arguments.
    """
    with transaction.atomic():
        _lock(call)
        earlier = result_before(call)
        if earlier is not None:
            return earlier
        result = act()
        record_act(call, result, about=about)
    return result


def result_before(call: Call) -> JsonObject | None:
    """What came of the same call before; None: it is the first.

    Raises:
        KeyUsedError: the key came with other arguments.
    """
    events = AuditEvent.objects.filter(
        kind=ACTED.name,
        actor_kind=ActorKind.PERSON.value,
        actor_id=call.person.pk,
        at__gt=call.now - REMEMBERED,
    )
    found = events.filter(**{f"data__{CALL}__key": _digest(call, call.key)}).first()
    if found is None:
        return None
    kept = found.data[CALL]
    if kept["arguments"] != _digest(call, _written(call)):
        raise KeyUsedError
    result: JsonObject = kept["result"]
    return result


def record_act(call: Call, result: JsonObject, *, about: Model | None = None) -> None:
    """Note what an assistant has done, in the transaction in which it is done."""
    kept: dict[str, Any] = {
        "key": _digest(call, call.key),
        "arguments": _digest(call, _written(call)),
        "result": result,
    }
    details: dict[str, Any] = {"tool": call.tool, CALL: kept}
    record(ACTED, about=about, person=call.person, **details)


def _written(call: Call) -> str:
    return json.dumps(call.arguments, sort_keys=True)


def _digest(call: Call, text: str) -> str:
    """Of this token and this tool: a key of another one says nothing."""
    return sha256(f"{call.token_id} {call.tool} {text}".encode()).hexdigest()[:32]


def _lock(call: Call) -> None:
    name = f"assistants:{current_schema()}:{_digest(call, call.key)}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
