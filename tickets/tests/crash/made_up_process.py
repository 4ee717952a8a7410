"""A small workflow, made up from a seed: a chain of steps of all kinds, with detours and loops."""

from __future__ import annotations

import itertools
import random
from urllib.parse import quote

from workflows.bundles import FORMAT, FORMAT_VERSION
from workflows.engine.process import Json, JsonObject, objects_in

MOST_RETRIES = 2
FORM, CALL, CALL_LATER, BLOCK = "FORM", "SYNC_ACTION", "ASYNC_ACTION", "BLOCK"
APPROVAL, WAIT, VALUES, DECISION = "APPROVAL", "WAIT", "VALUES", "DECISION"
MESSAGE, SUBTICKET = "MESSAGE", "SUBTICKET"
# No types of tasks.
EDIT, EACH = "a form that shows earlier answers", "a block for each of a list"
UNAWAITED = "a ticket that is started and not waited for"
MADE_UP = "made_up_"  # what the keys of those begin with that people submit
STARTED = "started"  # and of the ticket type that their steps start: see made_up_subtickets
# Who is asked in approvals: people of the tests' company who do tasks.
APPROVERS = ("walt@acme.example", "wendy@acme.example")
TIMED_SHARE = 0.5  # of the tasks that may be left because they wait too long
FAILING_SHARE = 0.5  # of the calls that are left another way when they fail for good
BLOCK_SHARE = 0.7  # of the workflows that have a step of branches side by side
# Of the workflows that have such a step, too.
SHARES = {
    APPROVAL: 0.6, EDIT: 0.5, EACH: 0.4, WAIT: 0.4, VALUES: 0.4, DECISION: 0.5, MESSAGE: 0.3,
    SUBTICKET: 0.5, UNAWAITED: 0.2,
}  # fmt: skip
# What may be left because its time is over.
LEFT_IN_TIME = (FORM, CALL_LATER, BLOCK, APPROVAL, EDIT, EACH, SUBTICKET)
CAN_FAIL = (CALL, CALL_LATER, SUBTICKET, UNAWAITED)
REMINDED_SHARE = 0.5  # of the forms of which people are reminded
CLEANED_SHARE = 0.4  # of the workflows that clean up where a ticket is cancelled
MAILED_SHARE = 0.3  # of the transitions on which a mail is sent
INNER_SHARE = 0.3  # of the branches that are a block themselves
ASKED_SHARE = 0.5  # of the steps that wait for a ticket, of which a way depends on its outcome
STARTS_SHARE = 0.4  # of the workflows of which tickets start by themselves


def make_up_process(seed: int) -> JsonObject:
    """The bundle of a workflow with a form, a call of each kind, a way around and a loop at least.

    Most have a block, too, of two or three branches with a form, a call or a block in it, which all
    of them end, or the first, or one that is named; many an approval, a block for each of a list, a
    form that shows the amount again, a wait, steps that are done at once, and steps that start
    tickets of the type STARTED. Of some, tickets start by themselves, as uma's.

    Each loop goes through a form or a vote that decides, so that it ends. A transition that is
    taken because a task waits too long, or a call fails, leads forward. A ticket asks for an
    `amount` (0 to 99), each form for `again`; a refused approval leads back. On many a transition,
    whichever it is, a mail is sent.
    """
    chance = random.Random(seed)
    kinds = [FORM, CALL, CALL_LATER]
    kinds += chance.choices([FORM, CALL, CALL_LATER], [3, 2, 2], k=chance.randint(0, 2))
    kinds += [
        kind for kind, share in {BLOCK: BLOCK_SHARE, **SHARES}.items() if chance.random() < share
    ]
    chance.shuffle(kinds)
    keys = [f"step_{number}" for number in range(len(kinds))]
    chain = ["start", *keys, "end"]
    transitions: list[JsonObject] = [
        {"from": source, "to": target, "priority": 9}
        for source, target in itertools.pairwise(chain)
    ]
    for index, kind in enumerate(kinds):
        back = keys[chance.randint(0, index)]
        if (decides := _decides_on_loop(keys[index], kind)) is not None:
            transition = _transition(keys[index], back, condition=decides)
            transitions.append({**transition, "priority": 1})
    around = chance.randint(0, len(keys) - 1)
    transition_around = _transition(chain[around], chain[around + 2], condition=_small(chance))
    transitions.append({**transition_around, "priority": 2})
    for index, kind in enumerate(kinds):
        transitions += _ways_ahead(keys[index], kind, chain[index + 2 :], chance)
    tasks: list[Json] = []
    for key, kind in zip(keys, kinds, strict=True):
        made, ways = _made(key, kind, chance)
        tasks += made
        transitions += ways
    if chance.random() < CLEANED_SHARE:
        tasks.append(form("clean"))
        transitions.append({"from": "start", "to": "clean", "on_cancel": True})
        transitions.append({"from": "clean", "to": "end"})
    for index, way in enumerate(transitions):
        if chance.random() < MAILED_SHARE:
            way |= mailed(f"On way {index}")
    for task in objects_in(tasks):
        if "ticket_type" in task:
            task["ticket_type"] = f"{STARTED}_{seed}"
    document = bundle(f"{MADE_UP}{seed}", tasks, transitions)
    if chance.random() < STARTS_SHARE:
        for ticket_type in objects_in(document["ticket_types"]):
            ticket_type["starts"] = [_start(chance)]
    return document


def _ways_ahead(key: str, kind: str, ahead: list[str], chance: random.Random) -> list[JsonObject]:
    """What leads on in the place of the next step: a time, a failure, or what came of it."""
    ways: list[JsonObject] = []
    if kind in LEFT_IN_TIME and chance.random() < TIMED_SHARE:
        ways += _timed_transitions(key, ahead, chance)
    if kind in CAN_FAIL and chance.random() < FAILING_SHARE:
        ways.append({**_transition(key, chance.choice(ahead)), "on_failure": True})
    if kind == SUBTICKET and chance.random() < ASKED_SHARE:
        came_of_it: Json = {"var": f"tasks.{key}.outcome"}
        ended: Json = {"==": [came_of_it, chance.choice(["bad", "cancelled"])]}
        ways.append({**_transition(key, chance.choice(ahead), condition=ended), "priority": 3})
    if kind == DECISION:
        small: Json = {"==": [{"var": f"tasks.{key}.size"}, "small"]}
        ways.append({**_transition(key, chance.choice(ahead), condition=small), "priority": 3})
    return ways


def _start(chance: random.Random) -> JsonObject:
    when: JsonObject = chance.choice(
        [{"rule": "FREQ=DAILY"}, {"rule": "FREQ=WEEKLY;BYDAY=MO,TH"}, {"working_day": -1}]
    )
    answers: JsonObject = {"amount": chance.randrange(100)}
    who = {"on_behalf_of": "uma@acme.example"}
    return {
        "key": "by_itself",
        "title": "By itself",
        "at": "08:00",
        **when,
        **who,
        "answers": answers,
    }


def mailed(subject: str) -> JsonObject:
    """What a transition that sends a mail has besides."""
    return {"messages": [mail(subject)]}


def mail(subject: str) -> JsonObject:
    return {"who": "requester", "subject": subject, "text": "{ticket.amount}"}


def _decides_on_loop(key: str, kind: str) -> Json:
    """The condition of a way back, of what a person decides."""
    if kind in (FORM, EDIT):
        return {"==": [{"var": f"tasks.{key}.again"}, True]}
    return {"==": [{"var": f"tasks.{key}.approved"}, False]} if kind == APPROVAL else None


def _made(key: str, kind: str, chance: random.Random) -> tuple[list[Json], list[JsonObject]]:
    """The tasks of a step, and the transitions inside it."""
    if kind == BLOCK:
        return _block(key, chance)
    if kind == EACH:
        inside = _step(f"{key}_one", chance)
        listed: Json = {"if": [_small(chance), ["a", "b", "c"], ["a"]]}
        ends_when = chance.choice(["all", "any"])
        order = chance.choice(["together", "in_order"])
        block, *others = side_by_side(key, inside, ends_when=ends_when)
        assert isinstance(block, dict)
        return [{**block, "for_each": listed, "order": order}, *others], ends_of([inside])
    return [_step(key, chance, kind)], []


def _block(
    key: str, chance: random.Random, *, is_inner: bool = False
) -> tuple[list[Json], list[JsonObject]]:
    tasks: list[Json] = []
    inside: list[JsonObject] = []
    ways: list[JsonObject] = []
    for name in "abc"[: chance.randint(2, 3)]:
        inner = f"{key}_{name}"
        if not is_inner and chance.random() < INNER_SHARE:
            (block, *others), inner_ways = _block(inner, chance, is_inner=True)
            assert isinstance(block, dict)
            inside.append(block)
            tasks += others
            ways += inner_ways
        else:
            inside.append(_step(inner, chance))
    block, *others = side_by_side(key, *inside, ends_when=chance.choice(["all", "all", "any"]))
    assert isinstance(block, dict)
    branches = objects_in(block["branches"])
    if chance.random() < 0.3:
        branches[0]["ends_block"] = True
    if chance.random() < 0.3:
        branches[-1]["when"] = _small(chance)
    return [block, *others, *tasks], [*ways, *ends_of(inside)]


def _step(key: str, chance: random.Random, kind: str = "") -> JsonObject:
    usual = [FORM, CALL, CALL_LATER, WAIT, VALUES, SUBTICKET]
    kind = kind or chance.choices(usual, [4, 2, 2, 1, 1, 1])[0]
    title = f"{kind.capitalize()} {key}"
    match kind:
        case "APPROVAL":
            asked: JsonObject = {"people": [*APPROVERS]}
            needed, order = chance.choice(["one", "all"]), chance.choice(["together", "in_order"])
            approval: JsonObject = {"key": key, "title": title, "task_type": kind}
            return {**approval, "approvers": asked, "needed": needed, "order": order}
        case "WAIT":
            return {"key": key, "title": title, "task_type": kind, "wait": "PT1M"}
        case "VALUES":
            doubled: Json = {"double": {"*": [{"var": "ticket.amount"}, 2]}}
            return {"key": key, "title": title, "task_type": kind, "values": doubled}
        case "SUBTICKET":
            return subticket(key, STARTED)
        case "MESSAGE":
            mail: JsonObject = {"who": "requester", "subject": title, "text": "{ticket.amount}"}
            return {"key": key, "title": title, "task_type": kind, "message": mail}
        case "DECISION":
            return {"key": key, "title": title, "task_type": kind, "table": _TABLE}
        case "FORM":
            return {**form(key), **_reminded(chance)}
    if kind == UNAWAITED:
        return {**subticket(key, STARTED), "wait_for_end": False}
    if kind == EDIT:
        return {**form(key), "edits": [{"field": "amount"}], **_reminded(chance)}
    return call(key, kind, retries=chance.randint(0, MOST_RETRIES))


def _reminded(chance: random.Random) -> JsonObject:
    if chance.random() > REMINDED_SHARE:
        return {}
    tell: JsonObject = chance.choice([{}, {"tell": "manager"}, {"tell": "deputy", "give": True}])
    return {"due_in": "PT2M", "reminders": [{"when": "PT1M", **tell}, {"when": "on due"}]}


def side_by_side(key: str, *steps: JsonObject, ends_when: str = "all") -> list[Json]:
    """A block with a branch of one step for each of these, and the steps."""
    names = [str(each["key"]) for each in steps]
    branches: list[Json] = [{"key": name, "title": name, "start": name} for name in names]
    block: JsonObject = {
        "key": key,
        "title": f"Block {key}",
        "task_type": BLOCK,
        "branches": branches,
        "ends_when": ends_when,
    }
    return [block, *({**each, "branch": f"{key}.{each['key']}"} for each in steps)]


def ends_of(steps: list[JsonObject]) -> list[JsonObject]:
    """The transitions with which branches of one step end."""
    return [{"from": each["key"], "to": "end"} for each in steps]


_TABLE: JsonObject = {
    "inputs": [{"name": "amount", "value": {"var": "ticket.amount"}, "type": "number"}],
    "outputs": [{"name": "size"}],
    "rows": [{"when": ["< 30"], "then": ["small"]}, {"when": ["30..70"], "then": ["middle"]}],
    "default": {"size": "large"},
}


def bundle(key: str, tasks: list[Json], transitions: list[JsonObject]) -> JsonObject:
    """The document of a workflow, with a ticket type of the same key."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "workflow": {
            "key": key,
            "title": key,
            "fields": [{"name": "amount", "label": "Amount", "type": "integer", "required": True}],
        },
        "tasks": tasks,
        "transitions": [*transitions],
        "ticket_types": [{"key": key, "title": key}],
    }


def form(key: str) -> JsonObject:
    again: Json = {"name": "again", "label": "Again?", "type": "boolean", "required": True}
    return {"key": key, "title": f"Form {key}", "fields": [again]}


def subticket(key: str, ticket_type: str) -> JsonObject:
    """A step that starts a ticket with the amount of its own, and waits for it."""
    given: Json = {"amount": {"var": "ticket.amount"}}
    title, kind = f"Start {key}", {"task_type": SUBTICKET, "ticket_type": ticket_type}
    return {"key": key, "title": title, **kind, "input_transform": given}


def call(key: str, kind: str, *, retries: int = 0, mood: str = "", timeout: int = 0) -> JsonObject:
    """A call to the moody system, in this mood (empty: in whichever it is).

    The `timeout` is in seconds; 0: one that the moody system often does not keep to.
    """
    return {
        "key": key,
        "title": f"Call {key}",
        "task_type": kind,
        "action_url": f"http://accounting.example/{quote(mood)}",
        "timeout_seconds": timeout or (3 if kind == CALL_LATER else 1),
        "retries": retries,
        "output_schema": {"type": "object", "required": ["document"]},
        "output_transform": {"document": {"var": "response.body.document"}},
    }


def _timed_transitions(key: str, targets: list[str], chance: random.Random) -> list[JsonObject]:
    """One that is taken in any case; half of the time one before it, for small amounts."""
    always = _transition(key, chance.choice(targets))
    if chance.random() < 0.5:
        return [{**always, "after": "PT1M"}]
    sometimes = _transition(key, chance.choice(targets), condition=_small(chance))
    return [{**sometimes, "after": "PT1M"}, {**always, "after": "PT2M"}]


def _transition(source: str, target: str, *, condition: Json = None) -> JsonObject:
    transition: JsonObject = {"from": source, "to": target}
    return transition if condition is None else {**transition, "condition": condition}


def _small(chance: random.Random) -> Json:
    return {"<": [{"var": "ticket.amount"}, chance.randint(20, 60)]}
