"""Mails of transitions in a document: checked, in one spelling, compared, described, in a cell."""

from __future__ import annotations

import copy
from typing import Any

from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences
from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.messages import mails_in_words
from workflows.bundles.tests.test_messages import document as with_step
from workflows.bundles.trying.cases import run_document_test_cases
from workflows.bundles.trying.trial import Trial
from workflows.bundles.unfinished import drawable_process, storage_problems, with_named_roles
from workflows.engine.simulate import Answer
from workflows.picture.graph import draw_process
from workflows.workbooks import FileType, read_document, write_document
from workflows.workbooks.cells.lines import UnreadableCellError
from workflows.workbooks.cells.mails import read_mails, write_mails

MAIL = {
    "who": "answer",
    "answer": "ticket.supplier",
    "subject": "Order {number}",
    "text": 'Please deliver {ticket.amount or "nothing"}.',
}
TO_REQUESTER = {"who": "requester", "subject": "It goes on", "text": "{check.open}"}


def document(*mails: Any, at: int = 1, **way: Any) -> dict[str, Any]:
    """The mails on the way from the check to the end; `at`: on another way."""
    made = with_step()
    del made["tasks"][1]
    made["transitions"] = [{"from": "start", "to": "check"}, {"from": "check", "to": "end", **way}]
    made["transitions"][at]["messages"] = list(mails)
    return made


def problems(*mails: Any, at: int = 1, **way: Any) -> list[tuple[str, str]]:
    found = check_bundle(document(*mails, at=at, **way))
    return [("/".join(map(str, each.path[2:])), each.message) for each in found]


class CheckTest(SimpleTestCase):
    def test_it_is_in_order(self) -> None:
        self.assertEqual(problems(MAIL, TO_REQUESTER), [])
        self.assertEqual(problems({**MAIL, "files": ["ticket.quote"]}, at=0), [])
        doer = {**TO_REQUESTER, "who": "doer", "task": "check"}
        self.assertEqual(problems(doer), [])

    def test_what_cannot_work_is_found(self) -> None:
        role = {**TO_REQUESTER, "who": "role"}
        doer = {**TO_REQUESTER, "who": "doer", "task": "check", "text": "x"}
        for mail, place, part in (
            ({**MAIL, "who": ""}, "who", "Use one of these"),
            ({**MAIL, "answer": "ticket.suplier"}, "answer", "Did you mean “ticket.supplier”?"),
            (role, "who", "Name the company role in “role”."),
            ({**role, "role": "Nobody"}, "role", "is not among the company roles"),
            ({**MAIL, "subject": ""}, "subject", "Write a subject"),
            ({**MAIL, "text": "{ticket.amout}"}, "text", "Did you mean “ticket.amount”?"),
            ({**MAIL, "text": "{open"}, "text", "A single “{”"),
            ({**MAIL, "files": ["ticket.amount"]}, "files/0", "is no question for a file"),
            ({**MAIL, "wo": 1}, "wo", "There is no “wo” here"),
            ({**doer, "task": "chek"}, "task", "Did you mean “check”?"),
        ):
            with self.subTest(mail):
                found = [text for where, text in problems(mail) if where == f"messages/0/{place}"]
                self.assertTrue(any(part in text for text in found), problems(mail))

    def test_what_was_not_done_by_then_is_found(self) -> None:
        """At the start nothing was; on a way in time or for a cancel not what it leaves."""
        doer = {**TO_REQUESTER, "who": "doer", "task": "check", "text": "x"}
        self.assertIn("by the time this way is taken", problems(doer, at=0)[0][1])
        self.assertIn("never done before", problems(TO_REQUESTER, at=0)[0][1])
        timed = document()
        timed["transitions"].append(
            {"from": "check", "to": "end", "after": "P1D", "messages": [doer, TO_REQUESTER]}
        )
        found = {each.path[2:] for each in check_bundle(timed) if each.is_error}
        self.assertEqual(found, {("messages", 0, "task"), ("messages", 1, "text")})
        cancelled = document()
        cancelled["transitions"].append(
            {"from": "start", "to": "end", "on_cancel": True, "messages": [TO_REQUESTER]}
        )
        self.assertEqual([each for each in check_bundle(cancelled) if each.is_error], [])

    def test_what_the_team_alone_sees_is_warned_of(self) -> None:
        for mail, part in (
            ({**MAIL, "text": "{check.note}"}, "somebody outside"),
            ({**TO_REQUESTER, "text": "{check.note}"}, "it is left out"),
        ):
            (found,) = check_bundle(document(mail))
            self.assertFalse(found.is_error)
            self.assertIn(part, found.message)
        team = {**TO_REQUESTER, "who": "manager", "text": "{check.note}"}
        self.assertEqual(problems(team), [])

    def with_call(self, text: str, **way: Any) -> list[str]:
        """What is told of a mail to the requester on a way that leaves a call."""
        made = document()
        call = {"key": "pay", "title": "Pay", "task_type": "SYNC_ACTION"}
        made["tasks"].append({**call, "action_url": "https://example.com/"})
        made["transitions"][1]["to"] = "pay"
        mail = {"who": "requester", "subject": "Not paid", "text": text}
        made["transitions"] += [
            {"from": "pay", "to": "end"},
            {"from": "pay", "to": "end", "label": "not paid", "messages": [mail], **way},
        ]
        return [each.message for each in check_bundle(made) if "never" not in each.message]

    def test_a_way_out_of_a_failed_call_says_what_failed(self) -> None:
        text = "{failure.reason}, {failure.status}, {failures.pay.reason}"
        self.assertEqual(self.with_call(text, on_failure=True), [])
        (told,) = self.with_call("{failure.message}", on_failure=True)
        self.assertIn("“failure.message” is for the team alone", told)
        for wrong, part in (
            ("{failure.stat}", "Did you mean “failure.status”?"),
            ("{failure}", "“failure” is no single answer"),
            ("{failures.pay}", "“failures.pay” is no single answer"),
        ):
            found = self.with_call(wrong, on_failure=True)
            self.assertTrue(any(part in each for each in found), found)
        (usual,) = self.with_call("{failure.status}", priority=-1)
        self.assertIn("Only a transition that is taken when a call fails", usual)

    def test_too_many_are_refused(self) -> None:
        self.assertIn("at most 10 entries", problems(*[MAIL] * 11)[0][1])

    def test_no_json_makes_it_fail(self) -> None:
        wrong: list[Any] = [
            1,
            "x",
            {},
            [1],
            [None],
            [{"who": 1}],
            [{"files": "x", "text": 1}],
            [[]],
        ]
        for said in wrong:
            broken = document()
            broken["transitions"][1]["messages"] = said
            with self.subTest(said):
                self.assertTrue(check_bundle(broken))
                draw_process(drawable_process(broken), mails_in_words=mails_in_words(broken))
        half = document({"who": "answer", "answer": "x", "text": "{"})
        self.assertEqual(storage_problems(half), [])


class FormsTest(SimpleTestCase):
    def test_one_spelling(self) -> None:
        made = canonical(document(MAIL))
        self.assertEqual(as_text(canonical(copy.deepcopy(made))), as_text(made))
        without: Any = canonical(document())
        self.assertNotIn("messages", without["transitions"][1])
        theirs: Any = document()
        theirs["transitions"][1]["emails"] = [
            {
                "to": "answer",
                "question": "ticket.supplier",
                "title": "Order {number}",
                "body": 'Please deliver {ticket.amount or "nothing"}.',
            }
        ]
        del theirs["transitions"][1]["messages"]
        ours = in_our_words(theirs)
        self.assertEqual(ours.problems, [])
        self.assertEqual(as_text(canonical(ours.document)), as_text(made))  # type: ignore[arg-type]

    def test_a_role_is_spelt_as_the_list_of_roles_does(self) -> None:
        to_role = document({**TO_REQUESTER, "who": "role", "role": "buyers "})
        named: Any = with_named_roles({**to_role, "company_roles": [{"name": "Buyers"}]})
        self.assertEqual(named["transitions"][1]["messages"][0]["role"], "Buyers")
        self.assertEqual(with_named_roles(to_role)["company_roles"], [{"name": "buyers"}])

    def test_changes_are_told_by_their_part(self) -> None:
        old = canonical(document(MAIL, TO_REQUESTER))
        new = canonical(document({**MAIL, "text": "New"}, {**TO_REQUESTER, "subject": "Done"}))
        told = [
            (each.kind, each.where.split(", ", 1)[1], each.old, each.new)
            for each in describe_changes(differences(old, new), old=old, new=new)
        ]
        self.assertEqual(
            told,
            [
                ("changed", "mail 1, text", 'Please deliver {ticket.amount or "nothing"}.', "New"),
                ("added", "mail 2", "", "mail to the requester: “Done”"),
                ("removed", "mail 2", "mail to the requester: “It goes on”", ""),
            ],
        )

    def test_a_whole_way_is_told_with_its_mails(self) -> None:
        old = canonical(document())
        new: Any = canonical(document())
        way = {"from": "check", "to": "end", "priority": -1, "condition": {"!": [1]}}
        new["transitions"].append({**way, "messages": [MAIL]})
        (told,) = describe_changes(differences(old, new), old=old, new=new)
        self.assertIn("mail to whoever Supplier names: “Order {number}”", told.new)

    def test_the_picture_marks_it_and_says_who_gets_it(self) -> None:
        made = document(MAIL, TO_REQUESTER)
        picture = draw_process(drawable_process(made), mails_in_words=mails_in_words(made))
        self.assertEqual(picture.count("flow-mail"), 1)
        said = "From Check it to End. A mail goes to whoever “Supplier” names, the requester."
        self.assertIn(said, picture)
        self.assertIn("A mail is sent.", draw_process(drawable_process(made)))
        self.assertNotIn("flow-mail", draw_process(drawable_process(document())))

    def test_a_cell_holds_them(self) -> None:
        to_role = {"who": "role", "role": "Buyers", "subject": "s", "text": "a\n\nb"}
        mails: Any = [MAIL, to_role]
        written = write_mails(mails)
        assert written is not None
        self.assertIn("\n---\nto: role Buyers\nsubject: s\n\na\n\nb", written)
        self.assertEqual(read_mails(written), mails)
        self.assertIsNone(write_mails([{**MAIL, "text": "a\n---\nb"}]))
        for text in ("Hello", "to: requester\n---\nto: whoever comes"):
            with self.assertRaises(UnreadableCellError):
                read_mails(text)

    def test_every_kind_of_file_holds_them(self) -> None:
        between = {**MAIL, "text": "a\n---\nb"}
        made = canonical(document(MAIL, between, TO_REQUESTER))
        for file_type in FileType:
            with self.subTest(file_type):
                content = write_document(made, file_type)
                read: Any = read_document(content, file_type).document
                self.assertEqual(as_text(canonical(read)), as_text(made))


class TrialTest(SimpleTestCase):
    def test_the_way_that_is_taken_has_its_mails(self) -> None:
        made = canonical(document(MAIL, TO_REQUESTER))
        trial = Trial(made)
        facts = trial.facts({"supplier": "a@example.com"})
        found = trial.run(facts=facts, answers=[Answer("check", {"open": "x"})])
        sent = found.last_step.decision
        assert sent is not None
        self.assertEqual([each["who"] for each in sent.messages], ["answer", "requester"])

    def test_a_test_case_counts_the_mails(self) -> None:
        made: Any = document(MAIL, TO_REQUESTER)
        case = {
            "name": "Mails",
            "ticket": {"supplier": "a@example.com"},
            "answers": [{"task": "check", "output": {"open": "x"}}],
            "expect": {"path": ["check"], "mails": 2},
        }
        other = {**case, "name": "Too few", "expect": {"path": ["check"], "mails": 3}}
        made["tests"] = [case, other]
        right, wrong = run_document_test_cases(canonical(made))
        self.assertEqual(right.reason, "")
        self.assertEqual(wrong.reason, "2 mails are sent, not 3.")
        step: Any = with_step()
        step["tests"] = [{**case, "expect": {"path": ["check", "send"], "mails": 1}}]
        (counted,) = run_document_test_cases(canonical(step))
        self.assertEqual(counted.reason, "")
        for file_type in FileType:
            read: Any = read_document(
                write_document(canonical(made), file_type), file_type
            ).document
            self.assertEqual(as_text(canonical(read)), as_text(canonical(made)))
