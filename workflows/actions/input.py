from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.actions.contract import CallRequest
from workflows.actions.destinations import check_url
from workflows.actions.documents import check_document, transformed
from workflows.engine.process import JsonObject
from workflows.engine.rules.compiling import is_empty

if TYPE_CHECKING:
    from workflows.models import TaskDefinition, TaskInstance

# A call occupies a worker; a longer timeout is for answers that come later.
MAX_CALL_SECONDS = 300
# A call that is answered later need only be accepted.
MAX_ACCEPT_SECONDS = 30

REQUEST_ID = "X-Request-ID"
CALLBACK_URL = "TicketFlower-Callback-Url"


def prepare_call(
    task: TaskInstance,
    *,
    facts: JsonObject,
    request_id: str = "",
    callback_url: str = "",
    corrected: JsonObject | None = None,
) -> CallRequest:
    """The request of an action task. `facts` is the context of conditions and transforms.

    Every attempt of one task has the same Idempotency-Key, the task's uuid; `request_id` is
    the attempt's own. A call that is answered later has a `callback_url`, which the input
    transform reads as `callback.url` and which is always sent as a header, too. `corrected`
    is the body where a ticket admin wrote it by hand: see
    `workflows.running.repair.by_hand.corrected_input`.
    Raises ActionError where the task's definition or the ticket's data do not allow a call.
    """
    definition = task.definition
    check_url(definition.action_url)
    if callback_url:
        facts = {**facts, "callback": {"url": callback_url}}
    body = _body(definition, facts) if corrected is None else corrected
    check_document(
        body,
        definition.input_schema,
        failure=_("What “%(task)s” would send does not fit its input schema.")
        % {"task": definition.title},
    )
    headers = {REQUEST_ID: request_id, CALLBACK_URL: callback_url}
    return CallRequest(
        url=definition.action_url,
        body=body,
        timeout_seconds=call_seconds(definition),
        idempotency_key=str(task.uuid),
        headers={name: value for name, value in headers.items() if value},
    )


def call_seconds(definition: TaskDefinition) -> int:
    """How long the call itself may take."""
    longest = MAX_ACCEPT_SECONDS if definition.is_answered_later else MAX_CALL_SECONDS
    return min(definition.timeout_seconds, longest)


def _body(definition: TaskDefinition, facts: JsonObject) -> JsonObject:
    if is_empty(definition.input_transform):
        sent = ("number", "ticket", "tasks", "callback")
        return {name: facts[name] for name in sent if name in facts}
    title = {"task": definition.title}
    return transformed(
        definition.input_transform,
        facts,
        failure=_("What “%(task)s” sends could not be put together.") % title,
        not_object=_("The input transform of “%(task)s” must make an object.") % title,
    )
