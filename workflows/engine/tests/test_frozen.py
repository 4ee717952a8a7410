from __future__ import annotations

import copy
import json
import pickle
from typing import Any
from unittest import TestCase

from workflows.engine.values.frozen import FrozenDict, FrozenError, FrozenList, frozen, thawed

VALUE = {"name": "x", "list": [1, {"deep": [True, None]}], "empty": {}}


def changes_of(value: Any) -> list[Any]:
    """Every way to change a dict or a list."""
    if isinstance(value, dict):
        return [
            lambda: value.__setitem__("new", 1),
            lambda: value.__delitem__("name"),
            lambda: value.update({"new": 1}),
            lambda: value.update(new=1),
            lambda: value.setdefault("new", 1),
            lambda: value.pop("name", None),
            lambda: value.popitem(),
            lambda: value.clear(),
            lambda: value.__ior__({"new": 1}),
            lambda: value.__init__({"new": 1}),  # type: ignore[misc]
            lambda: setattr(value, "_found", {}),
            lambda: delattr(value, "_found"),
        ]
    return [
        lambda: value.__setitem__(0, 1),
        lambda: value.__setitem__(slice(None), []),
        lambda: value.__delitem__(0),
        lambda: value.append(1),
        lambda: value.extend([1]),
        lambda: value.insert(0, 1),
        lambda: value.pop(),
        lambda: value.remove(1),
        lambda: value.clear(),
        lambda: value.sort(),
        lambda: value.reverse(),
        lambda: value.__iadd__([1]),
        lambda: value.__imul__(2),
        lambda: value.__init__([1]),
    ]


class FrozenTests(TestCase):
    def test_what_is_found_out_about_it_is_kept(self) -> None:
        value, asked = frozen(VALUE), []

        def names(json: Any) -> list[str]:
            asked.append(json)
            return list(json)

        self.assertEqual([value.once(names), value.once(names)], [list(VALUE)] * 2)
        self.assertEqual(asked, [value])

    def test_nothing_in_it_can_be_changed(self) -> None:
        value = frozen(VALUE)
        for inner in (value, value["list"], value["list"][1], value["list"][1]["deep"]):
            for number, change in enumerate(changes_of(inner)):
                kind = type(inner).__name__
                with self.subTest(kind=kind, number=number), self.assertRaises(FrozenError):
                    change()
        self.assertEqual(value, VALUE)

    def test_it_knows_every_method_that_changes_something(self) -> None:
        """A new Python may have a new one."""
        for plain, ours in ((dict, FrozenDict), (list, FrozenList)):
            harmless = {*dir(object), "copy", "count", "fromkeys", "get", "index", "items", "keys"}
            harmless |= {"values", "__class_getitem__"}
            reading = {name for name in dir(plain) if name.strip("_") in READING}
            changing = set(dir(plain)) - harmless - reading
            self.assertEqual({name for name in changing if name not in vars(ours)}, set())

    def test_what_reads_json_reads_it(self) -> None:
        self.assertEqual(json.loads(json.dumps(frozen(VALUE))), VALUE)
        self.assertIsInstance(frozen(VALUE), dict)
        self.assertIsInstance(frozen([]), list)
        self.assertEqual({**frozen(VALUE)} | {"more": 1}, {**VALUE, "more": 1})
        self.assertEqual(frozen([1]).__add__([2]), [1, 2])

    def test_a_copy_is_ones_own(self) -> None:
        for mine in (
            thawed(frozen(VALUE)),
            copy.deepcopy(frozen(VALUE)),
            pickle.loads(pickle.dumps(frozen(VALUE))),  # noqa: S301
        ):
            self.assertEqual(mine, VALUE)
            self.assertIs(type(mine), dict)
            mine["new"] = 1
            self.assertIs(type(copy.copy(frozen([1]))), list)
            self.assertIs(type(frozen(VALUE).copy()), dict)
        own = copy.deepcopy(frozen(VALUE))
        own["list"][1]["deep"].append(1)

    def test_what_was_frozen_is_left_as_it_was(self) -> None:
        own: dict[str, Any] = {"list": [1]}
        kept = frozen(own)
        own["list"].append(2)
        self.assertEqual(kept, {"list": [1]})


READING = {
    *("add", "contains", "eq", "ge", "getitem", "gt", "iter", "le", "len", "lt", "mul", "ne"),
    *("or", "repr", "reversed", "rmul", "ror", "sizeof", "hash"),
}
