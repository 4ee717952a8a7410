"""A small workflow, made up from a seed: a chain of forms and calls, with detours and loops."""

from __future__ import annotations

import itertools
import random
from urllib.parse import quote

from workflows.bundles import FORMAT, FORMAT_VERSION
from workflows.engine.process import Json, JsonObject

MOST_RETRIES = 2
FORM, CALL, CALL_LATER, BLOCK = "FORM", "SYNC_ACTION", "ASYNC_ACTION", "BLOCK"
TIMED_SHARE = 0.5  # of the tasks that may be left because they wait too long
FAILING_SHARE = 0.5  # of the calls that are left another way when they fail for good
BLOCK_SHARE = 0.7  # of the workflows that have a step of branches side by side


def make_up_process(seed: int) -> JsonObject:
    """The bundle of a workflow with a form, a call of each kind, a way around and a loop at least.

    Most have a block, too, of two or three branches with a form or a call, which all of them end,
    or the first.

    Each loop goes through a form whose answer decides, so that it ends. A transition that is taken
    because a task waits too long, or a call fails, leads forward. A ticket asks for an `amount` (0
    to 99), each form for `again`.
    """
    chance = random.Random(seed)
    kinds = [FORM, CALL, CALL_LATER]
    kinds += chance.choices([FORM, CALL, CALL_LATER], [3, 2, 2], k=chance.randint(0, 2))
    if chance.random() < BLOCK_SHARE:
        kinds.append(BLOCK)
    chance.shuffle(kinds)
    keys = [f"step_{number}" for number in range(len(kinds))]
    chain = ["start", *keys, "end"]
    transitions: list[JsonObject] = [
        {"from": source, "to": target, "priority": 9}
        for source, target in itertools.pairwise(chain)
    ]
    for index in (index for index, kind in enumerate(kinds) if kind == FORM):
        back = keys[chance.randint(0, index)]
        again: Json = {"==": [{"var": f"tasks.{keys[index]}.again"}, True]}
        transitions.append({"from": keys[index], "to": back, "condition": again, "priority": 1})
    around = chance.randint(0, len(keys) - 1)
    transition_around = _transition(chain[around], chain[around + 2], condition=_small(chance))
    transitions.append({**transition_around, "priority": 2})
    for index, kind in enumerate(kinds):
        if kind != CALL and chance.random() < TIMED_SHARE:
            transitions += _timed_transitions(keys[index], chain[index + 2 :], chance)
    for index, kind in enumerate(kinds):
        if kind in (CALL, CALL_LATER) and chance.random() < FAILING_SHARE:
            way = _transition(keys[index], chance.choice(chain[index + 2 :]))
            transitions.append({**way, "on_failure": True})
    tasks: list[Json] = []
    for key, kind in zip(keys, kinds, strict=True):
        if kind == BLOCK:
            inside = [_step(f"{key}_{name}", chance) for name in "abc"[: chance.randint(2, 3)]]
            tasks += side_by_side(key, *inside, ends_when=chance.choice(["all", "all", "any"]))
            transitions += ends_of(inside)
        else:
            tasks.append(_step(key, chance, kind))
    return bundle(f"made_up_{seed}", tasks, transitions)


def _step(key: str, chance: random.Random, kind: str = "") -> JsonObject:
    kind = kind or chance.choices([FORM, CALL, CALL_LATER], [2, 1, 1])[0]
    return form(key) if kind == FORM else call(key, kind, retries=chance.randint(0, MOST_RETRIES))


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
