from __future__ import annotations

import random
from functools import partial
from itertools import combinations, pairwise
from unittest import TestCase
from xml.etree import ElementTree as ET

from django.utils.safestring import SafeString

from tenants.testing_tools.effort import steps_of
from workflows.engine.process import Process, TaskSpec, TransitionSpec
from workflows.engine.task_types import WRITTEN_TYPES, TaskType
from workflows.picture.graph import draw_process
from workflows.picture.scene import TransitionKey

type Rect = tuple[float, float, float, float]
type Move = tuple[str | None, str | None, str]

SVG = "{http://www.w3.org/2000/svg}"
INVOICE: tuple[Move, ...] = (
    (None, "approve", ""),
    ("approve", "transfer", "approved"),
    ("approve", "clarify", "not approved"),
    ("clarify", "approve", "clarified"),
    ("clarify", None, "invoice not processed"),
    ("transfer", "archive", ""),
    ("archive", None, "invoice processed"),
)


def process(*moves: Move, tasks: tuple[str, ...] | None = None, title: str = "Invoice") -> Process:
    """A process with these transitions, and with the tasks that they name unless given."""
    named = {end: None for move in moves for end in move[:2] if end is not None}
    keys = tuple(named) if tasks is None else tasks
    types = WRITTEN_TYPES
    return Process(
        "invoice",
        1,
        title,
        {key: TaskSpec(key, f"Task {key}", types[i % 3]) for i, key in enumerate(keys)},
        tuple(TransitionSpec(source, target, label=label) for source, target, label in moves),
    )


def generated(seed: int, count: int) -> Process:
    """A process with branches, loops, self loops, parallel transitions and several ends."""
    dice = random.Random(seed)
    labels = ("", "yes", "the amount is over 500", "needs a look by the whole department again")
    moves: list[Move] = [(None, "t0", "")]
    for number in range(count - 1):
        moves.append((f"t{number}", f"t{number + 1}", dice.choice(labels)))
        if dice.random() < 0.5:
            other = dice.randrange(max(0, number - 5), min(count, number + 6))
            moves.append((f"t{number}", f"t{other}", dice.choice(labels)))
        if dice.random() < 0.1:
            moves.append((f"t{number}", None, "cancelled"))
    return process(*moves, (f"t{count - 1}", None, "done"))


def parse(svg: SafeString) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own output


def having(root: ET.Element, name: str) -> list[ET.Element]:
    """The elements of a CSS class."""
    return [element for element in root.iter() if name in element.get("class", "").split()]


def task_group(root: ET.Element, title: str) -> ET.Element:
    groups = [g for g in having(root, "flow-task") if (g.findtext(f"{SVG}title") or "") == title]
    assert len(groups) == 1, [g.findtext(f"{SVG}title") for g in having(root, "flow-task")]
    return groups[0]


def rect(element: ET.Element) -> Rect:
    x, y, width, height = (float(element.get(name, "")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def overlap(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] - 0.5 and b[0] < a[2] - 0.5 and a[1] < b[3] - 0.5 and b[1] < a[3] - 0.5


def corners(path: ET.Element) -> list[tuple[float, float]]:
    """The points of a line; the curve of a corner counts as its two ends and its middle."""
    numbers = path.get("d", "").replace("M", " ").replace("L", " ").replace("Q", " ").split()
    return list(zip(map(float, numbers[::2]), map(float, numbers[1::2]), strict=True))


class DrawProcessTests(TestCase):
    def test_it_draws_every_task_transition_and_end(self) -> None:
        root = parse(draw_process(process(*INVOICE)))
        self.assertEqual(len(having(root, "flow-box")), 4)
        self.assertEqual(len(having(root, "flow-edge")), 7)
        self.assertEqual(len(having(root, "flow-start")), 1)
        ends = [end.findtext(f"{SVG}title") for end in having(root, "flow-end")]
        self.assertEqual(ends, ["invoice not processed", "invoice processed"])

    def test_ends_with_the_same_label_are_one(self) -> None:
        root = parse(draw_process(process((None, "a", ""), ("a", None, ""), ("a", None, ""))))
        self.assertEqual(len(having(root, "flow-end")), 1)
        lines = [line.get("d") for line in having(root, "flow-line")]
        self.assertEqual(len(set(lines)), 3)

    def test_each_task_type_has_its_own_icon(self) -> None:
        root = parse(draw_process(process((None, "a", ""), ("a", "b", ""), ("b", "c", ""))))
        self.assertEqual(len({icon.get("d") for icon in having(root, "flow-icon")}), 3)

    def test_it_says_the_same_in_words(self) -> None:
        root = parse(draw_process(process(*INVOICE), current=["clarify"], finished=["approve"]))
        description = root.findtext(f"{SVG}desc") or ""
        self.assertIn("Now at: Task clarify.", description)
        self.assertIn("Finished: Task approve.", description)
        self.assertIn("From Task approve to Task transfer: approved.", description)
        self.assertEqual(root.get("role"), "img")
        ids = (root.get("aria-labelledby") or "").split()
        self.assertEqual(ids, [e.get("id") for e in (root[0], root[1])])

    def test_two_pictures_on_a_page_have_different_ids(self) -> None:
        first = parse(draw_process(process(*INVOICE)))
        second = parse(draw_process(process(*INVOICE), current=["clarify"]))
        self.assertNotEqual(first.get("aria-labelledby"), second.get("aria-labelledby"))

    def test_the_same_process_gives_the_same_picture(self) -> None:
        self.assertEqual(draw_process(generated(3, 20)), draw_process(generated(3, 20)))


class MarksTests(TestCase):
    def test_the_current_task_is_marked_by_a_word_too(self) -> None:
        root = parse(draw_process(process(*INVOICE), current=["clarify"]))
        group = task_group(root, "Task clarify, now")
        self.assertIn("flow-current", group.get("class", ""))
        self.assertEqual(["".join(now.itertext()) for now in having(group, "flow-now")], ["Now"])
        self.assertEqual(len(having(root, "flow-now")), 1)

    def test_finished_and_failed_tasks_have_their_signs(self) -> None:
        marked = draw_process(process(*INVOICE), finished=["approve"], failed=["transfer"])
        root = parse(marked)
        self.assertEqual(len(having(task_group(root, "Task approve, finished"), "flow-tick")), 1)
        self.assertEqual(len(having(task_group(root, "Task transfer, failed"), "flow-bang")), 1)
        self.assertEqual(len(having(root, "flow-tick") + having(root, "flow-bang")), 2)

    def test_the_way_that_was_taken_is_stronger_up_to_the_end(self) -> None:
        taken: list[TransitionKey] = [
            (None, "approve", ""),
            ("approve", "clarify", "not approved"),
            ("clarify", None, "invoice not processed"),
        ]
        root = parse(draw_process(process(*INVOICE), taken=taken))
        strong = [e for e in having(root, "flow-edge") if "flow-taken" in e.get("class", "")]
        self.assertEqual(len(strong), 3)
        reached = [end.findtext(f"{SVG}title") for end in having(root, "flow-reached")]
        self.assertEqual(reached, ["invoice not processed"])

    def test_of_two_ends_only_the_one_that_was_reached_is_marked(self) -> None:
        moves = ((None, "a", ""), ("a", None, "approved"), ("a", None, "rejected"))
        root = parse(draw_process(process(*moves), taken=[("a", None, "rejected")]))
        reached = [end.findtext(f"{SVG}title") for end in having(root, "flow-reached")]
        self.assertEqual(reached, ["rejected"])

    def test_marks_of_unknown_tasks_are_ignored(self) -> None:
        self.assertEqual(
            draw_process(process(*INVOICE), current=["gone"], taken=[("x", "y", "")]),
            draw_process(process(*INVOICE)),
        )


class LinkTests(TestCase):
    def test_a_task_leads_to_its_page(self) -> None:
        root = parse(draw_process(process(*INVOICE), links={"approve": "/task/1?a=1&b=2"}))
        self.assertEqual([a.get("href") for a in having(root, "flow-link")], ["/task/1?a=1&b=2"])
        self.assertEqual(root.get("role"), "group")

    def test_a_script_is_no_link(self) -> None:
        for url in ("javascript:alert(1)", " javascript:alert(1)", "data:text/html,x"):
            root = parse(draw_process(process(*INVOICE), links={"approve": url}))
            self.assertEqual(having(root, "flow-link"), [])
            self.assertEqual(root.get("role"), "img")


class HostileTextTests(TestCase):
    def test_text_stays_text(self) -> None:
        evil = "\"'><script>alert(1)</script>]]>&amp;<!--"
        hostile = Process(
            evil,
            1,
            evil,
            {evil: TaskSpec(evil, evil), "b": TaskSpec("b", evil, TaskType.SYNC_ACTION)},
            (
                TransitionSpec(None, evil, label=evil),
                TransitionSpec(evil, "b", label=evil),
                TransitionSpec("b", f"{evil}gone", label=evil),
                TransitionSpec("b", None, label=evil),
            ),
        )
        svg = draw_process(hostile, current=[evil], links={evil: f"/{evil}"})
        self.assertNotIn("<script", svg)
        self.assertNotIn("]]>", svg)
        root = parse(svg)
        self.assertEqual(root.findtext(f"{SVG}title"), f"Workflow {evil}")
        self.assertEqual(having(root, "flow-link")[0].get("href"), f"/{evil}")
        self.assertEqual({e.tag for e in root.iter()} - {f"{SVG}{n}" for n in _ELEMENTS}, set())

    def test_letters_that_cannot_be_sent_or_turn_text_around_are_left_out(self) -> None:
        text = "a\x00b\ud800c\u202ed\ne"
        svg = draw_process(Process(text, 1, text, {text: TaskSpec(text, text)}, ()))
        parse(SafeString(svg.encode().decode()))
        self.assertIn("<title>a b c d e, ", svg)

    def test_a_long_title_is_cut_and_whole_in_the_tooltip(self) -> None:
        for text in ("a title that goes on " * 20, "x" * 400, "請求書" * 100):
            title = text.strip()
            root = parse(draw_process(Process("p", 1, "", {"a": TaskSpec("a", title)}, ())))
            group = having(root, "flow-task")[0]
            lines = [line.text or "" for line in group.findall(f"{SVG}text")]
            self.assertEqual(len(lines), 3)
            self.assertTrue(lines[-1].endswith("…"))
            self.assertIn(title, group.findtext(f"{SVG}title") or "")


_ELEMENTS = ("svg", "title", "desc", "g", "a", "rect", "circle", "path", "text")


class IncompleteProcessTests(TestCase):
    def test_an_empty_process_says_so(self) -> None:
        root = parse(draw_process(Process("empty")))
        self.assertEqual(len(having(root, "flow-start")), 1)
        text = "This workflow has no tasks yet."
        self.assertEqual([notice.text for notice in having(root, "flow-notice")], [text])

    def test_a_missing_task_is_drawn_dashed(self) -> None:
        moves: tuple[Move, ...] = ((None, "a", ""), ("a", "gone", ""), ("lost", "a", ""))
        root = parse(draw_process(process(*moves, tasks=("a",))))
        self.assertEqual(len(having(root, "flow-task")), 3)
        self.assertEqual(len(having(root, "flow-missing")), 2)

    def test_tasks_that_nothing_leads_to_are_drawn(self) -> None:
        moves: tuple[Move, ...] = ((None, "a", ""), ("x", "y", ""), ("y", "x", ""))
        root = parse(draw_process(process(*moves, tasks=("a", "x", "y", "b", "c", "d", "e"))))
        self.assertEqual(len(having(root, "flow-unreachable")), 6)
        self.assertIn("Not reached from the start: Task x", root.findtext(f"{SVG}desc") or "")

    def test_a_process_beyond_drawing_says_so(self) -> None:
        for count in (600, 2000):
            chain = [(f"t{n}", f"t{n + 1}", "") for n in range(count)]
            root = parse(draw_process(process(*chain)))
            text = "This workflow is too large to draw."
            self.assertEqual([notice.text for notice in having(root, "flow-notice")], [text])
        everything = [(f"t{a}", f"t{b}", "x") for a in range(19) for b in range(19)]
        self.assertTrue(draw_process(process(*everything)))


class LayoutTests(TestCase):
    def check(self, drawn: Process) -> None:
        """No box, label or end lies on another; no line runs through a box or another's label."""
        root = parse(draw_process(drawn))
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        boxes = [rect(box) for box in having(root, "flow-box")]
        labels = [rect(group[1]) for group in having(root, "flow-label")]
        circles = [group[1] for name in ("flow-start", "flow-end") for group in having(root, name)]
        for circle in circles:
            x, y, radius = (float(circle.get(name, "")) for name in ("cx", "cy", "r"))
            boxes.append((x - radius, y - radius, x + radius, y + radius))
        for a, b in combinations([*boxes, *labels], 2):
            self.assertFalse(overlap(a, b), (a, b))
        for box in [*boxes, *labels]:
            self.assertTrue(box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height)
        groups = having(root, "flow-label")
        named = {group.findtext(f"{SVG}title"): rect(group[1]) for group in groups}
        for group in having(root, "flow-edge"):
            line, own = group[1], group.findtext(f"{SVG}title")
            obstacles = [*boxes, *(label for title, label in named.items() if title != own)]
            for (ax, ay), (bx, by) in pairwise(corners(line)):
                part = (min(ax, bx), min(ay, by), max(ax, bx) + 0.01, max(ay, by) + 0.01)
                for x0, y0, x1, y1 in obstacles:
                    self.assertFalse(overlap(part, (x0 + 1, y0 + 1, x1 - 1, y1 - 1)), line.get("d"))

    def test_nothing_lies_on_anything_else(self) -> None:
        self.check(process(*INVOICE))
        for seed in range(12):
            with self.subTest(seed=seed):
                self.check(generated(seed, 4 + 3 * seed))

    def test_parallel_transitions_are_drawn_apart(self) -> None:
        moves: list[Move] = [(None, "a", ""), ("a", "b", ""), ("a", "b", ""), ("a", "b", "also")]
        drawn = process(*moves, ("b", "a", ""), ("b", "a", "again"))
        self.check(drawn)
        lines = [line.get("d") for line in having(parse(draw_process(drawn)), "flow-line")]
        self.assertEqual(len(set(lines)), 6)

    def test_self_loops_leave_and_enter_their_box(self) -> None:
        drawn = process((None, "a", ""), ("a", "a", "retry"), ("a", "a", "retry later"))
        self.check(drawn)
        root = parse(draw_process(drawn))
        box = rect(having(root, "flow-box")[0])
        loops = [g for g in having(root, "flow-edge") if "flow-back" in g.get("class", "")]
        self.assertEqual(len(loops), 2)
        for loop in loops:
            points = corners(loop[1])
            self.assertAlmostEqual(points[0][0], box[2], delta=0.2)
            self.assertGreater(max(x for x, _ in points), box[2] + 10)

    def test_what_leads_on_stands_below_and_what_leads_back_above(self) -> None:
        root = parse(draw_process(process(*INVOICE)))
        for group in having(root, "flow-edge"):
            points = corners(group[1])
            back = "flow-back" in group.get("class", "")
            self.assertEqual(points[-1][1] < points[0][1], back)
        backs = [g.findtext(f"{SVG}title") for g in having(root, "flow-back")]
        self.assertEqual(backs, ["Task clarify → Task approve: clarified"])

    def test_drawing_does_not_grow_too_fast(self) -> None:
        thirty, more = generated(7, 30), generated(7, 120)
        few_steps, many_steps = (steps_of(partial(draw_process, each)) for each in (thirty, more))
        self.assertLess(few_steps, 500_000)  # about 10 ms
        self.assertLess(many_steps, 16 * few_steps)  # at most by the square of the tasks
