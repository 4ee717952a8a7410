"""The steps of a ticket, each as something that a process does and may die of at every commit.

A scene has a workflow of its own, and is prepared anew, with a ticket of its own, for each
process that dies in it.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import tampering
from tickets.calling.callback_address import CallbackAddress
from tickets.job_names import (
    ADVANCE,
    END_WAIT,
    EXPIRE_CALL,
    FIRE_TIMER,
    FOLLOW_SUBTICKET,
    REMIND,
    RETRY_MANY,
    RUN_ACTION,
)
from tickets.models import Ticket
from tickets.repairing.retry_many import retry_many
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.testing import without_taking_steps
from tickets.tests.crash.answers import answer_to
from tickets.tests.crash.made_up_process import (
    APPROVERS,
    CALL,
    CALL_LATER,
    bundle,
    call,
    ends_of,
    form,
    mail,
    mailed,
    side_by_side,
)
from tickets.tests.crash.moody_system import NONSENSE
from tickets.tests.crash.scenes_of_people import PEOPLE
from tickets.tests.crash.stage import LONG, Order, Scene, Stage, job_of, task_of
from tickets.tests.refusals import refuse
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    ActionAttempt,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowEvent,
)
from workflows.running.sealing import reseal

IMPOSSIBLE: JsonObject = {"share": {"/": [{"var": "ticket.amount"}, 0]}}
# Refuses completed tasks of these workflows, until the test allows them again.
REFUSING_TABLE = "acme.workflows_taskinstance"
_refused_keys: set[str] = set()


def _submit(stage: Stage, key: str, title: str) -> Order:
    return Order("submit", (key, title))


def _complete(stage: Stage, key: str, title: str) -> Order:
    return Order("complete", (task_of(stage.submit(key, title)).pk,))


def _complete_in_branch(stage: Stage, key: str, title: str) -> Order:
    return Order("complete", (_in_branch(stage.submit(key, title), "one").pk,))


def _complete_last_branch(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    first = _in_branch(ticket, "one")
    assert first.assigned_to is not None
    complete_task(task=first, output={"again": False}, user=first.assigned_to)
    return Order("complete", (_in_branch(ticket, "two").pk,))


def _in_branch(ticket: Ticket, key: str) -> TaskInstance:
    return TaskInstance.objects.get(workflow_instance__ticket=ticket, definition__key=key)


def _vote(stage: Stage, key: str, title: str) -> Order:
    return Order("complete", (_votes(stage.submit(key, title))[0].pk,))


def _vote_last(stage: Stage, key: str, title: str) -> Order:
    first, last = _votes(stage.submit(key, title))
    assert first.assigned_to is not None
    complete_task(task=first, output=answer_to(first), user=first.assigned_to)
    return Order("complete", (last.pk,))


def _votes(ticket: Ticket) -> list[TaskInstance]:
    votes = TaskInstance.objects.filter(workflow_instance__ticket=ticket, path__isnull=False)
    return list(votes.select_related("definition", "assigned_to").order_by("pk"))


def _remind(stage: Stage, key: str, title: str) -> Order:
    return _at_its_time(stage, stage.submit(key, title), REMIND, "due")


def _end_wait(stage: Stage, key: str, title: str) -> Order:
    return _at_its_time(stage, stage.submit(key, title), END_WAIT, "until")


def _be_refused(stage: Stage, key: str, title: str) -> Order:
    """The database takes no completed task of this workflow any more."""
    order = _complete(stage, key, title)
    _refuse_completions(key)
    return order


def _send_in_vain(stage: Stage, key: str, title: str) -> Order:
    order = _send_task(stage, key, title)
    _refuse_completions(key)
    return order


def _refuse_completions(key: str) -> None:
    """Of this scene and of those that have asked for it before."""
    _refused_keys.add(key)
    tasks = TaskDefinition.objects.filter(workflow__key__in=_refused_keys)
    ids = ", ".join(str(each) for each in tasks.values_list("pk", flat=True))
    when = f"NEW.status = 'COMPLETED' AND NEW.definition_id IN ({ids})"
    refuse(REFUSING_TABLE, on="UPDATE", when=when)


def _send_ticket(stage: Stage, key: str, title: str) -> Order:
    definition = TicketDefinition.objects.active().get(key=key)
    address = f"{reverse('admin:tickets_myticket_add')}?definition={definition.pk}"
    values: dict[str, Json] = {"token": uuid4().hex, "title": title, "answers-amount": "7"}
    return stage.form(address, values, of=stage.submitter)


def _send_task(stage: Stage, key: str, title: str) -> Order:
    task = task_of(stage.submit(key, title))
    assert task.assigned_to is not None
    address = reverse("admin:tickets_mytask_change", args=(task.pk,))
    return stage.form(address, {"answers-again": "false"}, of=task.assigned_to)


def _withdraw(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    address = reverse("admin:tickets_myticket_withdraw", args=(ticket.pk,))
    values: dict[str, Json] = {"reason": "Not needed", "token": uuid4().hex}
    return stage.form(address, values, of=stage.submitter)


def _finish_by_hand(stage: Stage, key: str, title: str) -> Order:
    return Order("finish by hand", (task_of(stage.submit(key, title)).pk,))


def _stumble_and_submit(stage: Stage, key: str, title: str) -> Order:
    return Order("stumble and submit", (key, title))


def _stumble_and_complete(stage: Stage, key: str, title: str) -> Order:
    return Order("stumble and complete", (task_of(stage.submit(key, title)).pk,))


def _take_the_step(stage: Stage, key: str, title: str) -> Order:
    """As after the death of whoever submitted, when their step had failed."""
    with without_taking_steps():
        ticket = stage.submit(key, title)
    return stage.work_off(job_of(ticket, ADVANCE))


def _call(stage: Stage, key: str, title: str) -> Order:
    return stage.work_off(job_of(stage.submit(key, title), RUN_ACTION))


def _answer(stage: Stage, key: str, title: str) -> Order:
    return _answer_with(stage, key, title)


def _answer_nonsense(stage: Stage, key: str, title: str) -> Order:
    return _answer_with(stage, key, title, NONSENSE)


def _answer_with(stage: Stage, key: str, title: str, body: Json = None) -> Order:
    ticket = stage.submit(key, title)
    attempt = stage.make_call(ticket)
    answer = stage.answer_of(attempt.task)
    address = CallbackAddress("acme", attempt.task.uuid, attempt.number).url()
    return Order("answer", (address, body or answer), answer=answer)


def _expire(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    attempt = stage.make_call(ticket)
    ActionAttempt.objects.filter(pk=attempt.pk).update(
        answer_until=timezone.now() - timedelta(seconds=1)
    )
    return stage.work_off(job_of(ticket, EXPIRE_CALL))


def _fire_timer(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    task = task_of(ticket)
    if task.definition.is_call:
        stage.make_call(ticket)
    return _at_its_time(stage, ticket, FIRE_TIMER, "due")


def _at_its_time(stage: Stage, ticket: Ticket, name: str, when: str) -> Order:
    """The worker shall take the job, whose time has passed: as if all had been made before it."""
    job, task = job_of(ticket, name), task_of(ticket)
    minute = timedelta(minutes=1)
    instance = task.workflow_instance_id
    past = timezone.now() - timedelta(seconds=1)
    with transaction.atomic():
        with tampering():
            WorkflowEvent.objects.filter(workflow_instance=instance).update(at=F("at") - minute)
        if task.waits_until is not None:
            TaskInstance.objects.filter(pk=task.pk).update(waits_until=past)
        reseal([instance], reason="The test's clock.", actor=None, now=timezone.now() - minute)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs"
            " SET args = args || jsonb_build_object(%s::text, %s::text) WHERE id = %s",
            [when, past.isoformat(), job.pk],
        )
    return stage.work_off(job)


def _retry_many(stage: Stage, key: str, title: str) -> Order:
    ticket = stage.submit(key, title)
    stage.make_call(ticket)
    retry_many(errors=ticket.errors.all(), by=stage.ticket_admin, reason="It was down.")
    job = ProcrastinateJob.objects.filter(task_name=RETRY_MANY).latest("pk")
    return stage.work_off(job)


# The ticket type that steps of these scenes start.
INNER: JsonObject = bundle(
    "inner_ticket",
    [form("offer")],
    [{"from": "start", "to": "offer"}, {"from": "offer", "to": "end"}],
)
_SUBTICKET: list[Json] = [
    {
        "key": "first",
        "title": "Ask",
        "task_type": "SUBTICKET",
        "ticket_type": "inner_ticket",
        "input_transform": {"amount": {"var": "ticket.amount"}},
    }
]


def _follow(stage: Stage, key: str, title: str) -> Order:
    """Start the ticket of a step."""
    return stage.work_off(job_of(stage.submit(key, title), FOLLOW_SUBTICKET))


def _started(stage: Stage, key: str, title: str) -> tuple[Ticket, Ticket]:
    """A ticket and the one that its step has started, as by a worker that nobody kills."""
    ticket = stage.submit(key, title)
    job = job_of(ticket, FOLLOW_SUBTICKET)
    follow_subticket(ticket_id=ticket.pk, task_id=task_of(ticket).pk)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.pk])
    return ticket, Ticket.objects.get(workflow_instance__started_by=task_of(ticket))


def _complete_inner(stage: Stage, key: str, title: str) -> Order:
    _ticket, inner = _started(stage, key, title)
    return Order("complete", (task_of(inner).pk,))


def _end_with_inner(stage: Stage, key: str, title: str) -> Order:
    ticket, inner = _started(stage, key, title)
    task = task_of(inner)
    assert task.assigned_to is not None
    complete_task(task=task, output={"again": False}, user=task.assigned_to)
    return stage.work_off(job_of(ticket, FOLLOW_SUBTICKET))


def _cancel_inner(stage: Stage, key: str, title: str) -> Order:
    ticket, _inner = _started(stage, key, title)
    withdraw_ticket(ticket=ticket, user=stage.submitter, reason="Not needed", now=timezone.now())
    return stage.work_off(job_of(ticket, FOLLOW_SUBTICKET))


def _withdraw_with_inner(stage: Stage, key: str, title: str) -> Order:
    ticket, _inner = _started(stage, key, title)
    address = reverse("admin:tickets_myticket_withdraw", args=(ticket.pk,))
    values: dict[str, Json] = {"reason": "Not needed", "token": uuid4().hex}
    return stage.form(address, values, of=stage.submitter)


def _calls(kind: str, mood: str, *, retries: int = 1, timeout: int = LONG) -> list[Json]:
    return [call("first", kind, retries=retries, mood=mood, timeout=timeout)]


_TOO_LATE: list[JsonObject] = [{"from": "first", "to": "last", "after": "PT1M"}]
_OTHERWISE: list[JsonObject] = [{"from": "first", "to": "last", "on_failure": True}]
_IF_CANCELLED: list[JsonObject] = [
    {"from": "start", "to": "give_back", "on_cancel": True},
    {"from": "give_back", "to": "end"},
]

_STEPS = [form("one"), form("two")]
_ALL = side_by_side("first", *_STEPS)
_ANY = side_by_side("first", *_STEPS, ends_when="any")
_ENDS = ends_of(_STEPS)
_AT_ONCE: list[Json] = [
    {
        "key": "double",
        "title": "Double",
        "task_type": "VALUES",
        "values": {"amount": {"*": [{"var": "ticket.amount"}, 2]}},
    },
    {
        "key": "size",
        "title": "Size",
        "task_type": "DECISION",
        "table": {
            "inputs": [
                {"name": "amount", "value": {"var": "tasks.double.amount"}, "type": "number"}
            ],
            "outputs": [{"name": "size"}],
            "rows": [{"when": ["< 30"], "then": ["small"]}],
            "default": {"size": "large"},
        },
    },
]
# In the place of the usual ways: a mail from the start, two on the way from the form.
_MAILED: list[JsonObject] = [
    {"from": "start", "to": "first", **mailed("Begun")},
    {"from": "first", "to": "last", "messages": [mail("One"), mail("Two")]},
]
_MAILED_LATE: list[JsonObject] = [{**_TOO_LATE[0], **mailed("Late")}]
_MAILED_OTHERWISE: list[JsonObject] = [{**_OTHERWISE[0], **mailed("Failed")}]
_MAILED_IF_CANCELLED: list[JsonObject] = [
    {"from": "start", "to": "end", "on_cancel": True, **mailed("Cancelled")}
]
_MAILED_ENDS = [{**each, **mailed("Branch")} for each in _ENDS]
_REMINDED: JsonObject = {**form("first"), "reminders": [{"when": "PT1M"}]}
_WAIT: JsonObject = {"key": "first", "title": "Wait", "task_type": "WAIT", "wait": "PT1M"}
_EDIT: JsonObject = {**form("first"), "edits": [{"field": "amount"}]}


def _approval(needed: str) -> tuple[list[Json], list[JsonObject]]:
    asked: JsonObject = {"people": [*APPROVERS]}
    task: JsonObject = {"key": "first", "title": "Approve", "task_type": "APPROVAL"}
    refused: JsonObject = {"!": [{"var": "tasks.first.approved"}]}
    way: JsonObject = {"from": "first", "to": "end", "label": "refused", "condition": refused}
    return [{**task, "approvers": asked, "needed": needed}], [way]


_ALL_APPROVE, _REFUSED = _approval("all")
_ONE_APPROVES, _ = _approval("one")
_CALLS = [call("one", CALL, retries=0, mood="fails", timeout=LONG)]

SCENES = (
    Scene("submit to branches", _ALL, _submit, transitions=_ENDS),
    Scene("complete in a branch", _ALL, _complete_in_branch, transitions=_ENDS),
    Scene("complete the last branch", _ALL, _complete_last_branch, transitions=_ENDS),
    Scene("complete the branch that is enough", _ANY, _complete_in_branch, transitions=_ENDS),
    Scene(
        "call in vain in a branch",
        side_by_side("first", *_CALLS),
        _call,
        fails=True,
        transitions=ends_of(_CALLS),
    ),
    Scene(
        "leave a block that waits",
        _ALL,
        _fire_timer,
        transitions=[*_ENDS, *_TOO_LATE],
    ),
    Scene("ask for votes", _ALL_APPROVE, _submit, transitions=_REFUSED),
    Scene("vote without deciding", _ALL_APPROVE, _vote, transitions=_REFUSED),
    Scene("vote as the last", _ALL_APPROVE, _vote_last, transitions=_REFUSED),
    Scene("vote and decide", _ONE_APPROVES, _vote, transitions=_REFUSED),
    Scene(
        "leave an approval that waits",
        _ALL_APPROVE,
        _fire_timer,
        transitions=[*_REFUSED, *_TOO_LATE],
    ),
    Scene("submit to a wait", [_WAIT], _submit),
    Scene("end a wait", [_WAIT], _end_wait),
    Scene("remind of a form", [_REMINDED], _remind),
    Scene("do steps at once", [form("first"), *_AT_ONCE], _complete),
    Scene("submit with a mail on the way", [form("first")], _submit, transitions=_MAILED),
    Scene("complete with mails on the way", [form("first")], _complete, transitions=_MAILED),
    Scene("be too late with a mail", [form("first")], _fire_timer, transitions=_MAILED_LATE),
    Scene(
        "withdraw with a mail",
        [form("first")],
        _withdraw,
        transitions=_MAILED_IF_CANCELLED,
        cancels=True,
    ),
    Scene("end a branch with a mail", _ALL, _complete_in_branch, transitions=_MAILED_ENDS),
    Scene(
        "call in vain and send a mail",
        _calls(CALL, "fails", retries=2),
        _call,
        transitions=_MAILED_OTHERWISE,
    ),
    Scene(
        "stumble with mails on the way",
        [form("first")],
        _stumble_and_complete,
        transitions=_MAILED,
    ),
    Scene("change an earlier answer", [_EDIT], _complete),
    *PEOPLE,
    Scene("submit to a sub-ticket", _SUBTICKET, _submit),
    Scene("start a sub-ticket", _SUBTICKET, _follow),
    Scene("complete a sub-ticket", _SUBTICKET, _complete_inner),
    Scene("go on after a sub-ticket", _SUBTICKET, _end_with_inner),
    Scene("cancel a sub-ticket", _SUBTICKET, _cancel_inner, cancels=True),
    Scene("withdraw with a sub-ticket", _SUBTICKET, _withdraw_with_inner, cancels=True),
    Scene("submit to a form", [form("first")], _submit),
    Scene("submit to a call", _calls(CALL, "well"), _submit),
    Scene("complete a form", [form("first")], _complete),
    Scene("send a ticket twice", [form("first")], _send_ticket),
    Scene("send a task twice", [form("first")], _send_task),
    # The database refuses to take the completed task: an error tells of it, with the answers.
    Scene("complete a form in vain", [form("first")], _be_refused, fails=True),
    Scene("send a task in vain", [form("first")], _send_in_vain, fails=True),
    Scene(
        "withdraw and clean up",
        [form("first")],
        _withdraw,
        transitions=_IF_CANCELLED,
        apart=[call("give_back", CALL, mood="well", timeout=LONG)],
        cancels=True,
    ),
    Scene("finish a form by hand", [form("first")], _finish_by_hand),
    # The step fails in a way that nobody has foreseen, and is taken after the commit.
    Scene("stumble and submit", [form("first")], _stumble_and_submit),
    Scene("stumble and complete a form", [form("first")], _stumble_and_complete),
    Scene("take a step for somebody who died", [form("first")], _take_the_step),
    Scene("call", _calls(CALL, "well"), _call),
    Scene("call without retries", _calls(CALL, "well", retries=0), _call, may_fail=True),
    Scene("call in vain", _calls(CALL, "fails", retries=2), _call, fails=True),
    Scene(
        "be unable to call",
        [{**call("first", CALL), "input_transform": IMPOSSIBLE}],
        _call,
        fails=True,
    ),
    Scene(
        "call in vain and go another way",
        _calls(CALL, "fails", retries=2),
        _call,
        transitions=_OTHERWISE,
    ),
    Scene("retry many calls", _calls(CALL, "fails", retries=0), _retry_many, fails=True),
    Scene("call for a later answer", _calls(CALL_LATER, "well"), _call),
    Scene("call and be answered first", _calls(CALL_LATER, "answers first"), _call),
    Scene("be answered", _calls(CALL_LATER, "says nothing"), _answer),
    Scene("be answered with nonsense", _calls(CALL_LATER, "says nothing"), _answer_nonsense),
    Scene("wait in vain", _calls(CALL_LATER, "says nothing", retries=0), _expire, fails=True),
    Scene(
        "wait in vain and call again",
        _calls(CALL_LATER, "says nothing", timeout=3),
        _expire,
        fails=True,
    ),
    Scene(
        "wait in vain and go another way",
        _calls(CALL_LATER, "says nothing", retries=0),
        _expire,
        transitions=_OTHERWISE,
    ),
    Scene("leave a form that waits", [form("first")], _fire_timer, transitions=_TOO_LATE),
    Scene(
        "leave a call that waits",
        _calls(CALL_LATER, "says nothing"),
        _fire_timer,
        transitions=_TOO_LATE,
    ),
)
