"""Whoever shows, sends or writes down what came of a task asks `tickets.seeing`.

Found in the source: who reads an output, and who makes answers of it that people read. A module
or a template that is not named here must ask `tickets.seeing` instead, or say why it need not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

PLACES = ("tickets", "project")
# Of `workflows`, what makes answers that people read.
MAKERS = frozenset(
    {
        "show_answers",
        "show_answers_for_requester",
        "answered_for_requester",
        "show_answer",
        "answer_text",
        "answer_cell",
        "display_layout",
    }
)
OUTPUTS = frozenset({"output_data", "output", "old", "new"})
WHY_MAKERS = {
    "tickets/seeing/answers.py": "is the place",
    "tickets/seeing/changes.py": "is the place",
    "tickets/seeing/for_webhooks.py": "is the place",
    "tickets/api/tasks.py": "what was submitted, to who has the task",
    "tickets/following/listed_answers.py": "what was submitted",
    "tickets/following/pages/history.py": "what a decision table has read, to ticket admins alone",
    "tickets/following/pages/progress.py": "what was submitted, which its requester wrote",
    "tickets/overseeing/answer_tables.py": "what was submitted",
    "tickets/numbering/name_ticket.py": "what is being submitted",
}
WHY_READERS = {
    "tickets/seeing/answers.py": "is the place",
    "tickets/seeing/rounds.py": "leaves it in the database",
    "tickets/seeing/hidden.py": "asks which files stand in it, to hide them",
    "tickets/api/repairs.py": "what a ticket admin corrects, as the form for it does",
    "tickets/api/tasks.py": "compares the worker's own with what they send again",
    "tickets/calling/pages/attempts.py": "gives it to tickets.seeing; of calls, to the team alone",
    "tickets/company_data/people_in_rows.py": "restores rows as they were",
    "tickets/editing/change_answers.py": "the form of a task, which lists what it shows of it",
    "tickets/erasing/own_ticket.py": "blanks answers",
    "tickets/erasing/where_named.py": "blanks answers",
    "tickets/following/pages/history.py": "gives it to tickets.seeing",
    "tickets/files/keep_file.py": "asks which files stand in it",
    "tickets/finding/index_tickets.py": "gives it to tickets.seeing",
    "tickets/finding/write_entries.py": "gives it to tickets.seeing",
    "tickets/health/mending.py": "asks whether there is one",
    "tickets/linking/pages/links_section.py": "leaves it in the database",
    "tickets/mcp/working.py": "compares the worker's own with what they send again",
    "tickets/overseeing/pages/task_instance.py": "gives it to tickets.seeing",
    "tickets/overseeing/tickets_of_definitions.py": "asks for a key",
    "tickets/repairing/pages/ticket_error.py": "asks for a key",
    "tickets/repairing/pages/correcting.py": "the form of a ticket admin who corrects it",
    "tickets/repairing/retry_step.py": "asks whether there is one",
    "tickets/replaying/replay_visits.py": "computes with it, and shows no answer",
    "tickets/subtickets/follow_subticket.py": "what a step keeps, as its process says",
    "tickets/working/pages/work_page.py": "gives the worker's own to tickets.seeing",
}
WHY_TEMPLATES = {
    "tickets/working/templates/working/my_task.html": "asks whether there is one",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for place in PLACES:
        for path in sorted((settings.BASE_DIR / place).rglob("*.py")):
            name = path.relative_to(settings.BASE_DIR).as_posix()
            if not {"tests", "migrations", "development"} & set(path.parts):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def makes_answers(tree: ast.Module) -> bool:
    imports = (each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom))
    return any(
        alias.name in MAKERS
        for each in imports
        if (each.module or "").startswith("workflows")
        for alias in each.names
    )


def reads_outputs(tree: ast.Module) -> bool:
    return any(map(_reads_output, ast.walk(tree)))


def _reads_output(node: ast.AST) -> bool:
    """`task.output_data`, `"output_data"` in a query, or `instance.data`, which has all of them."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if node.attr == "output_data":
            return True
        owner = node.value
        name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        return node.attr == "data" and name.endswith("instance")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.fullmatch(r"(\w+__)?output_data", node.value) is not None
    return False


class NobodyElseShowsAnswersTest(SimpleTestCase):
    def test_only_known_modules_make_answers_that_people_read(self) -> None:
        found = {name for name, tree in sources() if makes_answers(tree)}
        self.assertEqual(found, set(WHY_MAKERS))

    def test_only_known_modules_read_what_came_of_tasks(self) -> None:
        found = {name for name, tree in sources() if reads_outputs(tree)}
        self.assertEqual(found, set(WHY_READERS))

    def test_no_template_reads_what_came_of_tasks(self) -> None:
        reads = re.compile(r"output_data|instance\.data\b|event\.data\b")
        found = {
            path.relative_to(settings.BASE_DIR).as_posix()
            for place in PLACES
            for path in self._templates(place)
            if reads.search(path.read_text(encoding="utf-8"))
        }
        self.assertEqual(found, set(WHY_TEMPLATES))

    def test_it_finds_what_it_looks_for(self) -> None:
        self.assertTrue(makes_answers(ast.parse("from workflows.forms import show_answers")))
        for code in (
            "task.output_data",
            "rows.values('output_data')",
            "ticket.workflow_instance.data",
        ):
            self.assertTrue(reads_outputs(ast.parse(code)), code)
        self.assertFalse(reads_outputs(ast.parse("ticket.data; task.output_data = {}")))

    def _templates(self, place: str) -> list[Path]:
        return sorted((settings.BASE_DIR / place).rglob("*.html"))
