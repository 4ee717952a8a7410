"""What people do to a ticket, each as something that a process does and may die of."""

from __future__ import annotations

from collections.abc import Callable

from tenants.models import User
from tickets.tests.crash.made_up_process import APPROVERS, CALL, call, form
from tickets.tests.crash.serving import serve
from tickets.tests.crash.stage import LONG, Order, Scene, Stage, task_of
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskInstance

type Prepare = Callable[[Stage, str, str], Order]


def _serve(what: str, *, before: str = "", afterwards: str = "") -> Prepare:
    """Somebody does this to the form of a ticket, or to the ticket itself, by the services.

    `before` and `afterwards` are what was done before it, and what is done after it in any case.
    """

    def prepare(stage: Stage, key: str, title: str) -> Order:
        task = task_of(stage.submit(key, title))
        if before:
            serve(before, task.pk)
        return _order(what, task, afterwards=afterwards)

    return prepare


def _order(what: str, task: TaskInstance, *, afterwards: str = "") -> Order:
    return Order("serve", (what, task.pk), is_repeated=True, afterwards=afterwards)


def _retry(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    stage.make_call(ticket)
    return _order("retry", task_of(ticket))


def _take_over(stage: Stage, key: str, title: str) -> Order:
    """Whoever has the form is away until this scene is over, and the other one stands in."""
    task = task_of(stage.submit(key, title))
    people = User.objects.filter(email__in=APPROVERS)
    deputy = people.exclude(pk=task.assigned_to_id).get()
    people.filter(pk=task.assigned_to_id).update(is_available=False, deputy=deputy)
    return _order("take over", task)


def _move(stage: Stage, key: str, title: str) -> Order:
    """The workflow has a newer version since the ticket was submitted."""
    task = task_of(stage.submit(key, title))
    scene = next(each for each in PEOPLE if each.key == key)
    stage.publish(scene.called(title))
    return _order("move", task)


_FORM: list[Json] = [form("first")]
_POOLED: JsonObject = {**form("first"), "assign_to": {"mode": "nobody"}}
# Its time begins anew when the ticket goes on.
_TIMED: list[JsonObject] = [{"from": "first", "to": "last", "after": "P9D"}]

PEOPLE = (
    Scene("cancel", _FORM, _serve("cancel"), cancels=True),
    Scene("withdraw", _FORM, _serve("withdraw"), cancels=True),
    Scene("hold a ticket", _FORM, _serve("hold", afterwards="resume"), transitions=_TIMED),
    Scene("resume a ticket on hold", _FORM, _serve("resume", before="hold"), transitions=_TIMED),
    Scene("hand a form on", _FORM, _serve("hand over")),
    Scene("give a form to somebody else", _FORM, _serve("reassign")),
    Scene("take a form over", _FORM, _take_over),
    Scene("take a form out of the pool", [_POOLED], _serve("claim")),
    Scene("put a form back into the pool", _FORM, _serve("give back")),
    Scene("correct the answers", _FORM, _serve("correct")),
    Scene("move to the next version", _FORM, _move, transitions=_TIMED),
    Scene("ask the requester", _FORM, _serve("ask", afterwards="reply"), transitions=_TIMED),
    Scene("answer a question", _FORM, _serve("reply", before="ask"), transitions=_TIMED),
    Scene("go on without an answer", _FORM, _serve("go on", before="ask"), transitions=_TIMED),
    Scene(
        "try a call again",
        [call("first", CALL, mood="fails", timeout=LONG)],
        _retry,
        fails=True,
    ),
)
