"""Blocks in documents: what the check finds, what is canonical, and the words for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from unittest import TestCase

from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import canonical
from workflows.bundles.document.problems import Problem
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.bundles.trying.cases import run_document_test_cases, test_case_failures
from workflows.bundles.trying.samples import sample_context
from workflows.bundles.unfinished import storage_problems
from workflows.engine.conditions.text import parse_condition, write_condition
from workflows.engine.process import JsonObject
from workflows.engine.rules.evaluate import evaluate_condition
from workflows.workbooks.documents import FileType, read_document, write_document

OK: Any = [{"name": "ok", "label": "OK?", "type": "boolean", "required": True}]
BUNDLE: Any = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {
        "key": "flow",
        "title": "Flow",
        "fields": [
            {"name": "remote", "label": "Remote?", "type": "boolean", "required": True},
            {
                "name": "lines",
                "label": "Lines",
                "type": "records",
                "fields": [
                    {"name": "article", "label": "Article", "type": "text", "required": True},
                    {"name": "price", "label": "Price", "type": "number", "required": True},
                ],
            },
        ],
    },
    "tasks": [
        {"key": "check", "title": "Check", "fields": OK},
        {
            "key": "prepare",
            "title": "Prepare",
            "task_type": "BLOCK",
            "branches": [
                {"key": "it", "title": "IT", "start": "account"},
                {
                    "key": "desk",
                    "title": "Desk",
                    "start": "desk",
                    "when": {"!": {"var": "ticket.remote"}},
                },
            ],
        },
        {"key": "account", "title": "Account", "fields": OK, "branch": "prepare.it"},
        {"key": "hand_over", "title": "Hand over", "branch": "prepare.it"},
        {"key": "desk", "title": "Find a desk", "branch": "prepare.desk"},
        {
            "key": "offers",
            "title": "Offers",
            "task_type": "BLOCK",
            "branches": [{"key": "each", "title": "Offer", "start": "offer"}],
            "for_each": {"var": "ticket.lines"},
            "order": "in_order",
            "most": 20,
        },
        {
            "key": "offer",
            "title": "Ask",
            "fields": [{"name": "price", "label": "Price", "type": "number", "required": True}],
            "branch": "offers.each",
        },
        {"key": "decide", "title": "Decide", "fields": OK},
    ],
    "transitions": [
        {"from": "start", "to": "check"},
        {"from": "check", "to": "prepare"},
        {"from": "account", "to": "hand_over"},
        {"from": "hand_over", "to": "end", "label": "handed over"},
        {"from": "desk", "to": "end"},
        {"from": "prepare", "to": "offers"},
        {
            "from": "offer",
            "to": "end",
            "label": "cheap",
            "condition": {"<": [{"var": "tasks.offer.price"}, {"var": "item.price"}]},
            "priority": 1,
        },
        {"from": "offer", "to": "end", "label": "dear", "priority": 2},
        {"from": "offers", "to": "decide"},
        {
            "from": "decide",
            "to": "end",
            "label": "good",
            "condition": {"var": "tasks.account.ok"},
            "priority": 1,
        },
        {"from": "decide", "to": "end", "label": "bad", "priority": 2},
    ],
    "ticket_types": [{"key": "flow", "title": "Flow"}],
    "tests": [
        {
            "name": "Two lines",
            "ticket": {
                "remote": True,
                "lines": [{"article": "a", "price": 5}, {"article": "b", "price": 7}],
            },
            "answers": [
                {"task": "check", "output": {"ok": True}},
                {"task": "account", "output": {"ok": True}},
                {"task": "hand_over"},
                {"task": "offer", "item": 1, "output": {"price": 4}},
                {"task": "offer", "item": 2, "output": {"price": 9}},
                {"task": "decide", "output": {"ok": True}},
            ],
            "expect": {
                "path": [
                    *("check", "prepare", "account", "hand_over"),
                    *("offers", "offer", "offer", "decide"),
                ],
                "end": "good",
            },
        }
    ],
}


def changed(change: Callable[[Any, dict[str, Any]], object]) -> JsonObject:
    """The bundle after a change, which is given it and its tasks by key."""
    document = deepcopy(BUNDLE)
    change(document, {each["key"]: each for each in document["tasks"]})
    return document  # type: ignore[no-any-return]


def problems(change: Callable[[Any, dict[str, Any]], object]) -> list[Problem]:
    return check_bundle(changed(change))


class BlockTestCase(TestCase):
    def assert_found(
        self,
        change: Callable[[Any, dict[str, Any]], object],
        place: str,
        words: str,
    ) -> None:
        found = problems(change)
        here = [each.message for each in found if each.place == place]
        self.assertTrue(here, [(each.place, each.message) for each in found])
        self.assertIn(words, " ".join(here))


class CheckTests(BlockTestCase):
    def test_it_has_no_problems(self) -> None:
        self.assertEqual([(each.place, each.message) for each in check_bundle(BUNDLE)], [])

    def test_its_test_cases_run_through_the_blocks(self) -> None:
        results = run_document_test_cases(BUNDLE)
        self.assertEqual([each.message for each in test_case_failures(BUNDLE, results)], [])

    def test_a_branch_begins_with_a_task_that_stands_in_it(self) -> None:
        place = "tasks[1].branches[0].start"
        self.assert_found(
            lambda _all, t: t["prepare"]["branches"][0].update(start="desk"), place, "prepare.it"
        )
        self.assert_found(
            lambda _all, t: t["prepare"]["branches"][0].update(start="acount"), place, "account"
        )

    def test_a_task_names_a_branch_that_there_is(self) -> None:
        place = "tasks[4].branch"
        self.assert_found(
            lambda _all, t: t["desk"].update(branch="prepare.dsk"), place, "prepare.desk"
        )
        self.assert_found(lambda _all, t: t["desk"].update(branch="check.a"), place, "no block")
        self.assert_found(lambda _all, t: t["desk"].update(branch="prepare"), place, "prepare.it")

    def test_no_transition_crosses_the_border_of_a_branch(self) -> None:
        self.assert_found(
            lambda doc, _t: doc["transitions"][3].update(to="offers"),
            "transitions[3].to",
            "no transition leaves a branch",
        )
        self.assert_found(
            lambda doc, _t: doc["transitions"][2].update(to="desk"),
            "transitions[2].to",
            "no transition leaves a branch",
        )
        self.assert_found(
            lambda doc, _t: doc["transitions"][1].update(to="account"),
            "transitions[1].to",
            "no transition leads into a branch",
        )

    def test_every_task_of_a_branch_is_reached_and_leads_to_its_end(self) -> None:
        self.assert_found(
            lambda doc, _t: doc["transitions"].pop(4), "tasks[4]", "No transition leaves this task"
        )
        self.assert_found(
            lambda doc, _t: doc["transitions"][3].update(to="account"),
            "tasks[3]",
            "the end of its branch cannot be reached",
        )
        self.assert_found(
            lambda doc, _t: doc["transitions"][2].update(to="end"),
            "tasks[3]",
            "from where its branch begins",
        )

    def test_a_block_ends_with_branches_that_it_has(self) -> None:
        self.assert_found(
            lambda _all, t: t["prepare"].update(ends_when=3), "tasks[1].ends_when", "2 branches"
        )
        self.assert_found(
            lambda _all, t: t["prepare"].update(ends_when="some"), "tasks[1].ends_when", "any"
        )
        self.assertEqual(problems(lambda _all, t: t["offers"].update(ends_when=20)), [])

    def test_a_branch_may_end_it(self) -> None:
        self.assertEqual(
            problems(lambda _all, t: t["prepare"]["branches"][0].update(ends_block=True)), []
        )
        self.assert_found(
            lambda _all, t: t["offers"]["branches"][0].update(ends_block=True),
            "tasks[5].branches[0].ends_block",
            "With “for_each”",
        )

    def test_a_list_is_a_list_and_has_one_branch(self) -> None:
        self.assert_found(
            lambda _all, t: t["offers"].update(for_each={"var": "ticket.remote"}),
            "tasks[5].for_each",
            "not a list",
        )
        self.assert_found(
            lambda _all, t: t["prepare"].update(for_each={"var": "ticket.lines"}),
            "tasks[1].branches",
            "one branch",
        )
        self.assert_found(
            lambda _all, t: t["offers"]["branches"][0].update(when={"var": "ticket.remote"}),
            "tasks[5].branches[0].when",
            "for each entry",
        )

    def test_blocks_neither_hold_themselves_nor_stand_too_deep(self) -> None:
        self.assert_found(
            lambda _all, t: t["prepare"].update(branch="prepare.it"),
            "tasks[1].branch",
            "inside itself",
        )

        def nest(document: Any, _tasks: dict[str, Any]) -> None:
            for depth in range(6):
                block = {
                    "key": f"b{depth}",
                    "title": f"Block {depth}",
                    "task_type": "BLOCK",
                    "branches": [{"key": "x", "title": "X", "start": f"b{depth + 1}"}],
                }
                if depth:
                    block["branch"] = f"b{depth - 1}.x"
                document["tasks"].append(block)
                document["transitions"].append({"from": f"b{depth}", "to": "end"})
            document["tasks"].append({"key": "b6", "title": "Deep", "branch": "b5.x"})
            document["transitions"].append({"from": "b6", "to": "end"})
            document["transitions"][0]["to"] = "b0"

        self.assert_found(nest, "tasks[13].branch", "5 deep")

    def test_who_can_read_what(self) -> None:
        def assert_reading(index: int, name: str, words: str) -> None:
            rule = {"==": [{"var": name}, 1]}
            self.assert_found(
                lambda doc, _t: doc["transitions"][index].update(condition=rule),
                f"transitions[{index}].condition",
                words,
            )

        assert_reading(4, "tasks.account.ok", "never done")
        assert_reading(9, "tasks.offer.price", "offers.items")
        assert_reading(9, "item.price", "each entry")
        assert_reading(6, "item.prize", "item.price")
        assert_reading(5, "tasks.prepare.ended.x", "beneath")
        assert_reading(5, "tasks.prepare.branches.itt.ended", "tasks.prepare.branches.it")
        assert_reading(8, "tasks.offers.items.offer", "each entry")
        assert_reading(5, "tasks.prepare.branches.it.ended", "yes or no")

    def test_what_may_not_be_there_is_a_warning(self) -> None:
        def read_desk(document: Any, _tasks: dict[str, Any]) -> None:
            rule = {"==": [{"var": "tasks.prepare.branches.desk.label"}, "x"]}
            document["transitions"][9]["condition"] = rule

        found = problems(read_desk)
        self.assertEqual([each.is_error for each in found], [False])
        self.assertIn("not ended", found[0].message)
        # After a block of which all branches must have ended, what is done in each is certain.
        certain = {"var": "tasks.account.ok"}
        self.assertEqual(
            problems(lambda doc, _t: doc["transitions"][5].update(condition=certain))[0].place,
            "transitions[5]",  # there is no other transition, and that alone is wrong
        )
        # Where one branch is enough, what the other does is not certain any more.
        found = problems(lambda _all, t: t["prepare"]["branches"][1].update(ends_block=True))
        self.assertEqual([each.place for each in found], ["transitions[9].condition"])
        found = problems(lambda _all, t: t["prepare"].update(ends_when="any"))
        self.assertEqual([each.place for each in found], ["transitions[9].condition"])
        self.assertFalse(found[0].is_error)

    def test_test_cases_say_for_which_entry_where_there_are_some(self) -> None:
        self.assert_found(
            lambda doc, _t: doc["tests"][0]["answers"][0].update(item=1),
            "tests[0].answers[0].item",
            "Leave out",
        )
        self.assert_found(
            lambda doc, _t: doc["tests"][0]["answers"].insert(0, {"task": "prepare"}),
            "tests[0].answers[0].task",
            "no answer of its own",
        )

    def test_whatever_stands_there_gets_sentences(self) -> None:
        for name in ("branches", "ends_when", "for_each", "order", "most", "branch"):
            for value in (None, 0, -1, "x", [], {}, [1], {"a": 1}, True, [{"key": 1}]):
                with self.subTest(name=name, value=value):

                    def put(
                        _all: Any, tasks: dict[str, Any], name: str = name, value: Any = value
                    ) -> None:
                        tasks["prepare"][name] = value

                    document = changed(put)
                    self.assertTrue(all(each.message for each in check_bundle(document)))
                    storage_problems(document)


class CanonicalTests(TestCase):
    def test_what_has_its_default_is_left_out(self) -> None:
        def spell_out(_all: Any, tasks: dict[str, Any]) -> None:
            tasks["prepare"] |= {"ends_when": "all", "order": "together", "most": 50}
            tasks["prepare"] |= {"for_each": {}, "hide_answers": False, "branch": ""}
            tasks["check"] |= {"branches": [], "branch": ""}

        self.assertEqual(canonical(changed(spell_out)), canonical(deepcopy(BUNDLE)))

    def test_a_number_of_branches_is_a_number(self) -> None:
        made: Any = canonical(changed(lambda _all, t: t["prepare"].update(ends_when="2")))
        self.assertEqual(made["tasks"][1]["ends_when"], 2)

    def test_every_format_keeps_it(self) -> None:
        def everything(document: Any, tasks: dict[str, Any]) -> None:
            tasks["prepare"] |= {"ends_when": 1, "hide_answers": True}
            tasks["offers"]["ends_when"] = "any"
            document["tests"][0]["answers"][3]["item"] = [1, 2]

        whole = canonical(changed(everything))
        for file_type in FileType:
            with self.subTest(file_type):
                reading = read_document(write_document(whole, file_type), f"x.{file_type}")
                self.assertEqual([each.message for each in reading.problems], [])
                self.assertEqual(canonical(reading.document), whole)  # type: ignore[arg-type]

    def test_other_words(self) -> None:
        def respell(_all: Any, tasks: dict[str, Any]) -> None:
            block = tasks["prepare"]
            block["task_type"] = "parallel"
            block["Lanes"] = block.pop("branches")
            block["Lanes"][0] = {"Key": "it", "Name": "IT", "Begins with": "account"}

        content = write_document(canonical(deepcopy(BUNDLE)), FileType.JSON)
        self.assertEqual(read_document(content).document, canonical(deepcopy(BUNDLE)))
        reading = read_document(json.dumps(changed(respell)).encode(), "x.json")
        self.assertEqual(canonical(reading.document), canonical(deepcopy(BUNDLE)))  # type: ignore[arg-type]

    def test_conditions_are_written_as_text(self) -> None:
        rules = {
            "sum(offers.items.offer.price) > 5": True,
            'any(offers.items.label = "dear")': True,
            "count(offers.items) = 2 and offers.ended = 2": True,
            "prepare.branches.desk.ended = yes": False,
        }
        tasks: Any = {
            "offers": {
                "items": [
                    {"offer": {"price": 2}, "label": "dear"},
                    {"offer": {"price": 4}, "label": ""},
                ],
                "ended": 2,
            },
            "prepare": {"branches": {"desk": {"ended": False}}},
        }
        keys = [each["key"] for each in BUNDLE["tasks"]]
        for text, result in rules.items():
            with self.subTest(text):
                rule = parse_condition(text, task_keys=keys)
                self.assertEqual(write_condition(rule, task_keys=keys), text)
                self.assertIs(evaluate_condition(rule, {"tasks": tasks}), result)
                document: Any = changed(lambda _doc, _t: None)
                document["transitions"][9]["condition"] = rule
                found = check_bundle(document)
                self.assertEqual([each.message for each in found if each.is_error], [])


class WordTests(TestCase):
    def test_changes_are_said_as_people_know_them(self) -> None:
        def change(_all: Any, tasks: dict[str, Any]) -> None:
            tasks["prepare"]["ends_when"] = "any"
            tasks["prepare"]["branches"][1]["when"] = {"var": "ticket.remote"}
            tasks["offers"].pop("for_each")
            tasks["desk"]["branch"] = "prepare.it"

        old, new = canonical(deepcopy(BUNDLE)), canonical(changed(change))
        found = describe_changes(differences(old, new), old=old, new=new)
        said = {each.where.rpartition(", ")[2]: (each.old, each.new) for each in found}
        self.assertEqual(
            said["ends_when"], ("ends when all have ended", "ends when one of them has ended")
        )
        self.assertEqual(said["for_each"][0], "Lines")
        self.assertEqual(said["when"][1], "Remote? is yes")
        self.assertEqual(said["branch"], ("“Desk” in “Prepare”", "“IT” in “Prepare”"))

    def test_a_transform_is_tried_with_an_entry(self) -> None:
        context: Any = sample_context(BUNDLE, task_key="offer", answer=False)
        self.assertEqual(set(context["item"]), {"article", "price"})
        after: Any = sample_context(BUNDLE, task_key="decide", answer=False)
        self.assertEqual(
            set(after["tasks"]["offers"]["items"][0]),
            {"item", "offer", "ended", "label", "outcome"},
        )
        self.assertNotIn("offer", after["tasks"])
