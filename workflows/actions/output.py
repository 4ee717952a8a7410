from __future__ import annotations

import json
import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.actions.contract import Answer
from workflows.actions.destinations import check_url, host_of
from workflows.actions.documents import check_document, transformed
from workflows.actions.errors import ActionError, TemporaryActionError
from workflows.engine.failure import FailureReason, is_temporary
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.values.composed import composed
from workflows.engine.values.storable import unstorable

if TYPE_CHECKING:
    from workflows.models import TaskDefinition

MAX_RETRY_AFTER = 24 * 3600.0
DETAIL_CHARACTERS = 2_000
# The JSON of a failed call's answer is kept in the history, for conditions: no more of it.
MAX_FAILURE_BYTES = 10_000
# No more of an address goes into the log: what follows may hold a token.
_SCHEME_AND_HOST = re.compile(r"https?://[a-zA-Z0-9.:_\[\]-]{1,260}(?=[/?#]|\Z)")


def read_output(definition: TaskDefinition, answer: Answer, *, facts: JsonObject) -> JsonObject:
    """The output of a task whose call was answered.

    The output transform reads `facts` and `response` ({"status": 200, "body": JSON}). Without
    one the output is the body where that is an object, else {"response": body}.
    Raises ActionError for any other answer; TemporaryActionError for 408, 429 and 5xx.
    """
    host = check_status(definition, answer)
    try:
        body = parse_json(host, answer.body)
        return _checked_output(definition, {"status": answer.status, "body": body}, facts)
    except ActionError as error:
        error.answered_with, error.answer = answer.status, _kept_of_failure(answer)
        raise


def read_callback(definition: TaskDefinition, body: Json, *, facts: JsonObject) -> JsonObject:
    """The output of a task whose answer came later, as `read_output` makes it.

    `response` is {"body": JSON}: there is no status. Raises ActionError.
    """
    return _checked_output(definition, {"body": body}, facts)


def check_status(definition: TaskDefinition, answer: Answer) -> str:
    """Refuse an answer that is no success; returns the host that gave it.

    Raises ActionError; TemporaryActionError for 408, 429 and 5xx.
    """
    host = host_of(check_url(definition.action_url))
    _check_status(host, answer)
    return host


def _checked_output(
    definition: TaskDefinition, response: JsonObject, facts: JsonObject
) -> JsonObject:
    output = _output(definition, response, facts)
    check_document(
        output,
        definition.output_schema,
        failure=_("The answer of %(host)s does not fit the output schema of “%(task)s”.")
        % {"host": host_of(check_url(definition.action_url)), "task": definition.title},
        reason=FailureReason.UNUSABLE_ANSWER,
    )
    return output


def _output(definition: TaskDefinition, response: JsonObject, facts: JsonObject) -> JsonObject:
    if is_empty(definition.output_transform):
        body = response["body"]
        return body if isinstance(body, dict) else {"response": body}
    title = {"task": definition.title}
    return transformed(
        definition.output_transform,
        {**facts, "response": response},
        failure=_("The output of “%(task)s” could not be made of the answer.") % title,
        not_object=_("The output transform of “%(task)s” must make an object.") % title,
    )


def _check_status(host: str, answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    detail = answer.body[: 4 * DETAIL_CHARACTERS].decode(errors="replace")[:DETAIL_CHARACTERS]
    if 300 <= status < 400:
        place = _SCHEME_AND_HOST.match(answer.headers.get("location", ""))
        raise ActionError(
            _(
                "%(host)s answered with a redirect (status %(status)d), which actions do not "
                "follow. Enter the final address in the task."
            )
            % {"host": host, "status": status},
            detail=f"Location: {place[0]}" if place else "",
            reason=FailureReason.REFUSED,
            answered_with=status,
        )
    message = _("%(host)s answered with status %(status)s.") % {
        "host": host,
        "status": _status_text(status),
    }
    kept = _kept_of_failure(answer)
    if is_temporary(status):
        raise TemporaryActionError(
            message,
            detail=detail,
            reason=FailureReason.UNAVAILABLE,
            answered_with=status,
            answer=kept,
            retry_after=_retry_after(answer.headers.get("retry-after", "")),
        )
    raise ActionError(
        message, detail=detail, reason=FailureReason.REFUSED, answered_with=status, answer=kept
    )


def _kept_of_failure(answer: Answer) -> Json:
    """The JSON of an answer, for whoever decides by it; None where it is none, or too large."""
    if len(answer.body) > MAX_FAILURE_BYTES:
        return None
    try:
        return parse_json("", answer.body)
    except ActionError:
        return None


def _status_text(status: int) -> str:
    """The status and its standard name: the other system's own words may be anything."""
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def _retry_after(text: str) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - timezone.now()).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else None


def parse_json(host: str, content: bytes) -> Json:
    """What came, where it can be kept; nothing at all is null.

    Raises ActionError.
    """
    if not content:
        return None
    try:
        body: Json = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ActionError(
            _("%(host)s answered with something that is not JSON.") % {"host": host},
            detail=f"{type(error).__name__}: {error}",
            reason=FailureReason.UNUSABLE_ANSWER,
        ) from error
    for path, message in unstorable(body):
        raise ActionError(
            _("%(host)s answered with JSON that cannot be kept. %(reason)s")
            % {"host": host, "reason": message},
            detail=f"At {path!r}"[:DETAIL_CHARACTERS],
            reason=FailureReason.UNUSABLE_ANSWER,
        )
    return composed(body)
