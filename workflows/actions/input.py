from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.actions.contract import CallRequest
from workflows.actions.destinations import check_url
from workflows.actions.documents import check_document, transformed
from workflows.actions.errors import ActionError
from workflows.engine.conditions import is_empty
from workflows.engine.process import JsonObject, TaskType

if TYPE_CHECKING:
    from workflows.models import TaskDefinition, TaskInstance

# A call occupies a worker; a longer timeout is for answers that come later.
MAX_CALL_SECONDS = 300


def prepare_call(task: TaskInstance, *, facts: JsonObject) -> CallRequest:
    """The request of an action task. `facts` is the context of conditions and transforms.

    Every attempt of one task has the same Idempotency-Key, the task's uuid.
    Raises ActionError where the task's definition or the ticket's data do not allow a call.
    """
    definition = task.definition
    if definition.task_type != TaskType.SYNC_ACTION:
        raise ActionError(
            _("“%(task)s” waits for an answer that comes later, which is not possible yet.")
            % {"task": definition.title}
        )
    check_url(definition.action_url)
    body = _body(definition, facts)
    check_document(
        body,
        definition.input_schema,
        failure=_("What “%(task)s” would send does not fit its input schema.")
        % {"task": definition.title},
    )
    return CallRequest(
        url=definition.action_url,
        body=body,
        timeout_seconds=min(definition.timeout_seconds, MAX_CALL_SECONDS),
        idempotency_key=str(task.uuid),
    )


def _body(definition: TaskDefinition, facts: JsonObject) -> JsonObject:
    if is_empty(definition.input_transform):
        return {name: facts[name] for name in ("number", "ticket", "tasks")}
    title = {"task": definition.title}
    return transformed(
        definition.input_transform,
        facts,
        failure=_("What “%(task)s” sends could not be put together.") % title,
        not_object=_("The input transform of “%(task)s” must make an object.") % title,
    )
