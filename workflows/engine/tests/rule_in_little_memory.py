"""Run in a process of its own, with little memory: what would need more is refused."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from workflows.engine.errors import EngineError
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.transforms import apply_transform

LITTLE = 400 * 1024 * 1024
ACCUMULATOR: Json = {"var": "accumulator"}
DATA: JsonObject = {"text": "x" * 1_700_000, "list": list(range(40))}
TEMPLATES: list[Json] = [
    {"a": [{"var": "text"}] * 3_800},
    {"a": {"reduce": [{"var": "list"}, [ACCUMULATOR, ACCUMULATOR], 1]}},
    {"a": {"reduce": [{"var": "list"}, {"x": ACCUMULATOR, "y": ACCUMULATOR}, 1]}},
    {"a": {"cat": [{"map": [{"var": "list"}, {"val": [[2], "text"]}]}] * 30}},
]


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LITTLE, LITTLE))
    for template in TEMPLATES:
        try:
            apply_transform(template, DATA)
        except EngineError:
            sys.stdout.write("refused\n")
    if apply_transform({"a": {"var": "list.1"}}, DATA) == {"a": 1}:
        sys.stdout.write("lives\n")


main()
