"""Blocks as lanes: everything stands in its lane, nothing overlaps, and it is said in words."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from unittest import TestCase

from tenants.testing_tools.effort import steps_of
from workflows.engine.process import JsonObject, Process, TaskSpec, TransitionSpec
from workflows.engine.steps.blocks import BlockSpec, branch_of
from workflows.engine.task_types import TaskType
from workflows.picture.graph import draw_process
from workflows.picture.tests.test_graph import SVG, Rect, having, overlap, parse, rect


def many_lanes(lanes: int, tasks: int) -> Process:
    """A block of so many branches, each with so many tasks, between two tasks."""
    block: JsonObject = {
        "branches": [
            {"key": f"b{each}", "title": f"Branch number {each}", "start": f"t{each}_0"}
            for each in range(lanes)
        ]
    }
    specs = {key: TaskSpec(key, key.title()) for key in ("first", "last")}
    specs["block"] = TaskSpec("block", "Side by side", TaskType.BLOCK, BlockSpec.of(block))
    moves = [
        *(TransitionSpec(None, "first"), TransitionSpec("first", "block")),
        *(TransitionSpec("block", "last"), TransitionSpec("last", None, label="done")),
    ]
    for lane in range(lanes):
        for number in range(tasks):
            key = f"t{lane}_{number}"
            specs[key] = TaskSpec(key, f"Task {key}", branch=("block", f"b{lane}"))
            following = f"t{lane}_{number + 1}" if number + 1 < tasks else None
            moves.append(TransitionSpec(key, following))
            if number and number % 3 == 0:
                back = f"t{lane}_{number - 1}"
                moves.append(TransitionSpec(key, back, {"var": "x"}, label="again"))
    return Process("lanes", title="Lanes", tasks=specs, transitions=tuple(moves))


def nested(**tasks: str) -> Process:
    """The block `outer` holds `inner` and `b`, and `inner` holds `a`; with the tasks' branches."""
    blocks: dict[str, JsonObject] = {
        "outer": {
            "branches": [
                {"key": "x", "title": "X", "start": "inner"},
                {"key": "y", "title": "Y", "start": "b"},
            ],
            "ends_when": "any",
        },
        "inner": {
            "branches": [{"key": "z", "title": "Z", "start": "a"}],
            "for_each": {"var": "ticket.lines"},
        },
    }
    places = {"outer": "", "inner": "outer.x", "a": "inner.z", "b": "outer.y", **tasks}
    specs = {
        key: TaskSpec(
            key,
            f"Task {key}",
            TaskType.BLOCK if key in blocks else TaskType.FORM,
            BlockSpec.of(blocks[key]) if key in blocks else None,
            branch_of(place),
        )
        for key, place in places.items()
    }
    moves = [TransitionSpec(None, "outer"), *(TransitionSpec(key, None) for key in places)]
    return Process("nested", title="Nested", tasks=specs, transitions=tuple(moves))


def is_inside(inner: Rect, outer: Rect) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


class LaneTests(TestCase):
    def test_each_lane_holds_its_tasks_and_no_two_overlap(self) -> None:
        root = parse(draw_process(many_lanes(7, 4)))
        tasks = [
            rect(box) for group in having(root, "flow-task") for box in having(group, "flow-box")
        ]
        lanes = [rect(each[0]) for each in having(root, "flow-lane")]
        block = rect(having(having(root, "flow-block")[0], "flow-box")[0])
        self.assertEqual((len(tasks), len(lanes)), (30, 7))
        self.assertFalse([pair for pair in combinations(lanes, 2) if overlap(*pair)])
        self.assertFalse([pair for pair in combinations(tasks, 2) if overlap(*pair)])
        self.assertTrue(all(is_inside(lane, block) for lane in lanes))
        counts = [sum(is_inside(task, lane) for task in tasks) for lane in lanes]
        self.assertEqual(counts, [4] * 7)

    def test_many_lanes_stand_in_several_rows(self) -> None:
        root = parse(draw_process(many_lanes(20, 1)))
        tops = {rect(each[0])[1] for each in having(root, "flow-lane")}
        self.assertEqual(len(tops), 5)
        self.assertLess(float(root.get("width", "")), 1500)

    def test_blocks_stand_in_lanes_of_others(self) -> None:
        root = parse(draw_process(nested(), current=["outer", "inner", "a"], finished=["b"]))
        outer, inner = (rect(having(each, "flow-box")[0]) for each in having(root, "flow-block"))
        self.assertTrue(is_inside(inner, outer))
        notes = ["".join(each.itertext()) for each in having(root, "flow-notes")]
        self.assertEqual(notes, ["Ends when one of them has ended", "For each entry"])
        self.assertEqual(len(having(root, "flow-now")), 3)
        self.assertEqual(len(having(root, "flow-unreachable")), 0)

    def test_it_is_said_in_words(self) -> None:
        words = parse(draw_process(nested())).findtext(f"{SVG}desc") or ""
        self.assertIn("Task outer has these branches: X, Y.", words)
        self.assertIn("From Y to Task b.", words)

    def test_what_stands_nowhere_is_drawn_all_the_same(self) -> None:
        for tasks in (
            {"outer": "inner.z"},  # in a circle
            {"a": "inner.q"},
            {"b": "outer.x"},
            {"a": "nowhere.z"},
        ):
            with self.subTest(tasks):
                root = parse(draw_process(nested(**tasks)))
                titles = " ".join(each.text or "" for each in root.iter(f"{SVG}title"))
                self.assertTrue(all(f"Task {key}" in titles for key in ("a", "b")))

    def test_two_hundred_tasks_in_twenty_lanes_are_drawn_fast(self) -> None:
        steps = steps_of(partial(draw_process, many_lanes(20, 10)))
        self.assertLess(steps, 5_000_000)  # about 0.3 s
