"""A small workflow, made up from a seed: forms and calls in a chain, ways around and ways back."""

from __future__ import annotations

import itertools
import random

from workflows.bundles import FORMAT, FORMAT_VERSION
from workflows.engine.process import Json, JsonObject

MOST_RETRIES = 1


def make_up_process(seed: int) -> JsonObject:
    """The bundle of a workflow with a form, a call, a branch and a loop at least.

    Each loop goes through a form whose answer decides, so that it ends. A ticket asks for an
    `amount` (0 to 99), each form for `again`.
    """
    chance = random.Random(seed)
    is_form = [True, False, *(chance.random() < 0.4 for _each in range(chance.randint(1, 2)))]
    chance.shuffle(is_form)
    keys = [f"step_{number}" for number in range(len(is_form))]
    chain = ["start", *keys, "end"]
    ways: list[JsonObject] = [
        {"from": source, "to": target, "priority": 9}
        for source, target in itertools.pairwise(chain)
    ]
    forms = [index for index, form in enumerate(is_form) if form]
    for index in forms:
        back = keys[chance.randint(0, index)]
        again: Json = {"==": [{"var": f"tasks.{keys[index]}.again"}, True]}
        ways.append({"from": keys[index], "to": back, "condition": again, "priority": 1})
    around = chance.randint(0, len(keys) - 1)
    small: Json = {"<": [{"var": "ticket.amount"}, chance.randint(20, 60)]}
    ways.append({"from": chain[around], "to": chain[around + 2], "condition": small, "priority": 2})
    tasks: list[Json] = [
        _form(key) if form else _call(key, retries=chance.randint(0, MOST_RETRIES))
        for key, form in zip(keys, is_form, strict=True)
    ]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "workflow": {
            "key": f"made_up_{seed}",
            "title": f"Made up from {seed}",
            "fields": [{"name": "amount", "label": "Amount", "type": "integer", "required": True}],
        },
        "tasks": tasks,
        "transitions": [*ways],
        "ticket_types": [{"key": f"made_up_{seed}", "title": f"Made up from {seed}"}],
    }


def _form(key: str) -> JsonObject:
    again: Json = {"name": "again", "label": "Again?", "type": "boolean", "required": True}
    return {"key": key, "title": f"Form {key}", "fields": [again]}


def _call(key: str, *, retries: int) -> JsonObject:
    return {
        "key": key,
        "title": f"Call {key}",
        "task_type": "SYNC_ACTION",
        "action_url": "http://accounting.example/documents",
        "timeout_seconds": 1,
        "retries": retries,
        "output_schema": {"type": "object", "required": ["document"]},
        "output_transform": {"document": {"var": "response.body.document"}},
    }
