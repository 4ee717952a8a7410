"""Our evaluator beside the one that came before it, which calculates in doubles.

Rules of whole numbers, texts and lists are made up, and both must say the same. What differs on
purpose is left out of what is made up, and listed in `DIFFERENT`.
"""

from __future__ import annotations

import json
import unittest
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from hypothesis import assume, given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.engine.evaluating.compiled import Form, compile_rule, mistakes_in
from workflows.engine.evaluating.failures import Failed
from workflows.engine.evaluating.operators import OPERATORS
from workflows.engine.evaluating.values import compact, plain

DATALOGIC: Any = import_module("datalogic_py") if find_spec("datalogic_py") else None
DATA: dict[str, Any] = {
    "n": 3,
    "zero": 0,
    "big": 123_456_789,
    "minus": -7,
    "text": "abc",
    "digits": "12",
    "empty": "",
    "yes": True,
    "nothing": None,
    "list": [1, 2, 3, 2],
    "texts": ["b", "a", "b"],
    "none": [],
    "rows": [{"p": 1, "k": "x"}, {"p": 2, "k": "y"}, {"p": 3, "k": "x"}],
    "inner": {"p": 5, "deep": {"k": "z"}},
    "at": "2026-01-31T10:00:00Z",
    "later": "2026-02-01T11:30:00+01:00",
    "span": "1d",
}
PATHS = [*DATA, "", "inner.p", "inner.deep.k", "rows.1.p", "list.2", "absent", "inner.absent"]
leaves = st.sampled_from(
    [
        *({"var": path} for path in PATHS),
        *({"var": name} for name in ("p", "k", "current", "accumulator", "current.p")),
        *({"var": [name, 4]} for name in ("absent", "p", "n")),
        *({"val": steps} for steps in (["inner", "p"], ["rows", 0, "k"], [[1], "n"], [[2], "p"])),
        *(0, 1, 2, -1, 10, "", "a", "abc", "12", "x", True, False, None, [], [1, 2], ["a", None]),
    ]
)
# Left out: what the DIFFERENT ones below are about, and `slice`, which reads no more of its
# arguments there where the first is null.
NAMES = sorted(
    set(OPERATORS)
    - {
        "now",
        "merge",
        "cat",
        "type",
        "format_date",
        "parse_date",
        "exists",
        "val",
        "slice",
        "round",
        "date_add",
        "date_diff",
    }
    - {"==", "!=", "/", "%"}
)
DIFFERENT: list[tuple[Any, Any, str]] = [
    ({"<=": [{"*": [100, 1.1]}, 110]}, True, "decimals"),
    ({"==": [{"+": [0.1, 0.2, 0.3]}, 0.6]}, True, "decimals"),
    ({"==": [{"*": [19.99, 100]}, 1999]}, True, "decimals"),
    ({"merge": [1, None, [None]]}, [1, None, None], "merge keeps nulls"),
    ({"cat": [{"+": [0.5, 0.5]}, 2.0]}, "12", "a whole number has no point in a text"),
    ({"==": [{"var": "inner"}, {"var": "inner"}]}, True, "objects are equal by what is in them"),
    ({"==": ["09:00", "09:00:00"]}, True, "times are equal however they are written"),
    ({"==": ["2026-01-31T10:00Z", "2026-01-31T10:00:00Z"]}, True, "and moments"),
    ({"exists": ["list", "0"]}, True, "an entry of a list exists as it is read"),
    ({"date_diff": ["2026-01-31", "2026-01-01", "days"]}, 30, "dates, too"),
    ({"-": ["2026-01-31", "1d"]}, "2026-01-30", "a date moved by days is a date"),
    ({"date_add": [{"var": "nothing"}, 1, "days"]}, None, "no date moved is none"),
    ({"date_add": ["2026-01-31", {"var": "nothing"}, "days"]}, None, "nor one moved by nothing"),
    ({"date_diff": [{"var": "nothing"}, "2026-01-31", "days"]}, None, "nor is there a difference"),
    ({"var": [{"var": "none"}, {"var": "n"}]}, 3, "an empty list names nothing, not everything"),
]


def _has_computed_name_with_default(rule: Any) -> bool:
    """What the last one of these is about, anywhere in a rule."""
    if isinstance(rule, list):
        return any(map(_has_computed_name_with_default, rule))
    if not isinstance(rule, dict):
        return False
    given = rule.get("var")
    if isinstance(given, list) and len(given) > 1 and isinstance(given[0], dict | list):
        return True
    return any(map(_has_computed_name_with_default, rule.values()))


def _operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.builds(
            lambda name, given: {name: given},
            st.sampled_from(NAMES),
            st.lists(inner, min_size=2, max_size=3),
        )
        | st.builds(
            lambda name, one, other: {name: [one, other]},
            *(
                st.sampled_from(["==", "!=", "/", "%"]),
                inner,
                st.sampled_from([1, 3, -2, "4", True]),
            ),
        )
        | st.builds(
            lambda loop, items, body, more: {loop: [items, body, *more]},
            st.sampled_from(["map", "filter", "reduce", "all", "some", "none", "group_by"]),
            st.sampled_from(
                [{"var": name} for name in ("list", "rows", "texts", "inner", "nothing")]
            ),
            inner,
            st.lists(inner, max_size=1),
        )
    )


rules = st.recursive(leaves, _operations, max_leaves=10)


def _rounded(text: str) -> Any:
    """Without the digits in which doubles differ from decimals."""
    return json.loads(text, parse_float=lambda digits: round(float(digits), 9))


def ours(rule: Any, *, missing_is_null: bool) -> tuple[str, Any]:
    try:
        compiled = compile_rule(rule, Form.RULE, missing_is_null=missing_is_null)
        return "value", _rounded(compact(plain(compiled.evaluate(DATA))))
    except Failed:
        return "failed", None


@unittest.skipUnless(DATALOGIC, "needs datalogic-py, of which nothing else has need")
class BesideDatalogicTests(unittest.TestCase):
    engines: ClassVar[dict[bool, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        config = {"ops_budget": 50_000, "loose_equality_errors": False}
        families = ("ExtString", "ExtArray", "ExtObject", "ExtMath", "ExtControl", "DateTime")
        engine = DATALOGIC.Engine
        strict = {**config, "missing_var": "error"}
        cls.engines = {
            False: engine(config=strict, families=families),
            True: engine(config=config, families=families),
        }

    def theirs(self, rule: Any, *, missing_is_null: bool) -> tuple[str, Any]:
        text, data = json.dumps(rule), json.dumps(DATA)
        try:
            made = self.engines[missing_is_null].compile(text).evaluate_str(data)
        except DATALOGIC.DataLogicError:
            return "failed", None
        # A division by zero, which is the largest double there.
        return ("failed", None) if "e308" in made else ("value", _rounded(made))

    def test_what_differs_does_so_on_purpose(self) -> None:
        for rule, expected, why in DIFFERENT:
            with self.subTest(rule=rule, why=why):
                self.assertEqual(ours(rule, missing_is_null=False), ("value", expected))
                self.assertNotEqual(self.theirs(rule, missing_is_null=False), ("value", expected))

    @examples(600)
    @given(rule=rules, missing_is_null=st.booleans())
    def test_both_say_the_same(self, rule: Any, missing_is_null: bool) -> None:
        assume(not any(mistakes_in(rule, Form.RULE)))  # the other one says so only as it runs
        assume(not _has_computed_name_with_default(rule))
        expected = self.theirs(rule, missing_is_null=missing_is_null)
        found = ours(rule, missing_is_null=missing_is_null)
        self.assertEqual(found, expected)
