from __future__ import annotations

import json
from typing import Any

from django.test import Client, override_settings
from django.urls import reverse

from tenants.connection import use_company
from tenants.testing import CompanyTestCase
from tickets.tests.screens import ScreenTestCase
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import MAX_BYTES
from workflows.models import WorkflowDefinition

PREFIX = "admin:workflows_workflowdefinition_"
QUESTIONS = ("check", "form", "answers", "condition", "number", "transform", "sample")
HOSTILE: list[Any] = [
    None, 1, "text", [], {}, [[]], {"tasks": 3}, {"workflow": {"fields": "x"}},
    {"workflow": {"fields": [None, 3, {"name": []}]}, "tasks": [None, {"key": {}}]},
    {"transitions": [{"from": "start", "to": "end", "priority": 10**40, "label": 3}]},
    {"transitions": [{"from": ["start"], "to": None, "condition": {"if": [[[[]]]]}}]},
    {"tasks": [{"key": "a", "task_type": ["FORM"], "output_schema": {"type": ["x", 3]}}]},
    {"company_roles": [None], "ticket_types": [{"key": "a", "presets": 3}], "tests": [3]},
    {"workflow": {"title": "<script>alert(1)</script>", "key": "\u0000"}},
]  # fmt: skip


def url(name: str, *args: object) -> str:
    return reverse(f"{PREFIX}{name}", args=args)


class EditorTestCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.draft = create_workflow(title="Purchases", user=self.carla)
        self.document: dict[str, Any] = export_bundle(workflow=self.draft)
        self.log_in(self.carla)

    def ask(self, name: str, question: Any, **more: Any) -> Any:
        return self.client.post(
            url(f"editor_{name}"), json.dumps(question), content_type="application/json", **more
        )

    def save(self, document: Any, expected: str = "", draft: Any = None) -> Any:
        draft = draft or WorkflowDefinition.objects.get(pk=self.draft.pk)
        question = {
            "document": document,
            "expected_updated_at": expected or draft.updated_at.isoformat(),
        }
        return self.client.post(
            url("edit", draft.pk), json.dumps(question), content_type="application/json"
        )


class EditPageTest(EditorTestCase):
    def test_it_carries_the_document(self) -> None:
        self.document["workflow"]["title"] = "</script><script>alert(1)</script>"
        self.save(self.document)
        page = self.client.get(url("edit", self.draft.pk))
        self.assertNotContains(page, "<script>alert(1)")
        text = page.content.decode().split('<script id="ed-start" type="application/json">')[1]
        start = json.loads(text.split("</script>")[0])
        self.assertEqual(start["document"], self.document)
        self.assertFalse(start["key_is_fixed"])

    def test_only_a_draft_is_edited(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        page = self.client.get(url("edit", self.draft.pk))
        self.assertRedirects(page, url("change", self.draft.pk))

    def test_edit_of_a_published_version_makes_the_next_draft(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        page = self.client.get(url("change", self.draft.pk))
        self.assertContains(page, url("start_editing", self.draft.pk))
        self.assertEqual(self.client.get(url("start_editing", self.draft.pk)).status_code, 405)
        page = self.client.post(url("start_editing", self.draft.pk), follow=True)
        draft = WorkflowDefinition.objects.get(version=2)
        self.assertRedirects(page, url("edit", draft.pk))
        self.assertContains(page, "You are editing version 2")
        self.client.post(url("start_editing", self.draft.pk))
        self.assertEqual(WorkflowDefinition.objects.count(), 2)

    def test_a_draft_with_any_problem_can_be_opened_everywhere(self) -> None:
        task = {**self.document["tasks"][0], "fields": [{"name": 3}], "ext_ref": [{"uri": "x:"}]}
        broken = {
            **self.document,
            "tasks": [task],
            "transitions": [{"from": "start", "to": "end", "condition": {"no": [1, {"a": 2}]}}],
            "ticket_types": [{"key": "a", "title": "A", "presets": {"nothing": [1]}}],
            "tests": [{"name": "x", "expect": {"path": ["nowhere"]}}],
        }
        self.assertEqual(self.save(broken).status_code, 200)
        for address in (
            url("edit", self.draft.pk),
            url("change", self.draft.pk),
            url("download", self.draft.pk),
            url("changelist"),
            reverse("admin:workflows_taskdefinition_change", args=(self.draft.tasks.get().pk,)),
            reverse(
                "admin:workflows_ticketdefinition_change",
                args=(self.draft.ticket_definitions.get().pk,),
            ),
        ):
            with self.subTest(address):
                self.assertEqual(self.client.get(address).status_code, 200)
        page = self.client.get(url("change", self.draft.pk))
        self.assertContains(page, f"{url('edit', self.draft.pk)}#at=tasks%5B0%5D")

    def test_a_wrong_id_is_not_there(self) -> None:
        for name in ("edit", "start_editing", "duplicate"):
            for pk in (0, 99999, 10**19):
                with self.subTest(name, pk=pk):
                    address = url(name, pk)
                    self.assertEqual(self.client.post(address, {}).status_code, 404)


class SaveTest(EditorTestCase):
    def test_it_saves(self) -> None:
        self.document["workflow"]["title"] = "Buying"
        response = self.save(self.document)
        self.assertEqual(response.status_code, 200)
        draft = WorkflowDefinition.objects.get(pk=self.draft.pk)
        self.assertEqual((draft.title, draft.changed_by), ("Buying", self.carla))
        again = self.save(self.document, response.json()["updated_at"])
        self.assertEqual(again.status_code, 200)

    def test_the_second_person_is_told_who_was_first(self) -> None:
        before = WorkflowDefinition.objects.get(pk=self.draft.pk)
        save_draft(
            workflow=before,
            document=self.document,
            user=self.alice,
            expected_updated_at=before.updated_at,
        )
        response = self.save({**self.document, "tasks": []}, before.updated_at.isoformat())
        self.assertEqual(response.status_code, 409)
        answer = response.json()
        self.assertEqual(answer["reason"], "changed")
        self.assertIn("Alice Archer", answer["message"])
        self.assertEqual(self.draft.tasks.count(), 1)
        mine = self.save(self.document, answer["updated_at"])
        self.assertEqual(mine.status_code, 200)

    def test_what_was_published_meanwhile_is_told(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        response = self.save(self.document)
        self.assertEqual((response.status_code, response.json()["reason"]), (409, "published"))

    def test_what_cannot_be_kept_is_told_with_its_place(self) -> None:
        self.document["tasks"][0]["title"] = ""
        response = self.save(self.document)
        self.assertEqual(response.status_code, 422)
        self.assertEqual(response.json()["problems"][0]["path"], ["tasks", 0, "title"])

    def test_garbage_is_refused_with_a_sentence(self) -> None:
        address = url("edit", self.draft.pk)
        moment = WorkflowDefinition.objects.get(pk=self.draft.pk).updated_at.isoformat()
        bodies = ["", "{", "[]", "3", '"a"', "\x00", '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 20_000]
        bodies += [
            json.dumps({"document": self.document, "expected_updated_at": each})
            for each in (None, 3, "", "soon", "2026-99-99T00:00:00Z", "2026-01-01T00:00:00")
        ]
        for body in bodies:
            with self.subTest(body[:60]):
                response = self.client.post(address, body, content_type="application/json")
                self.assertEqual(response.status_code, 400)
                self.assertTrue(response.json()["message"])
        for hostile in HOSTILE:
            with self.subTest(str(hostile)[:60]):
                self.assertIn(self.save(hostile, moment).status_code, (400, 422))
        form = self.client.post(address, {"document": "{}"})
        self.assertEqual(form.status_code, 400)
        self.assertEqual(export_bundle(workflow=self.draft), self.document)

    def test_a_document_may_have_five_megabytes(self) -> None:
        self.document["tasks"][0]["description"] = "x" * 20_000
        self.document["workflow"]["display_layout"] = "x" * 200_000
        self.document["tasks"][0]["output_transform"] = {"text": "x" * 2_700_000}
        self.assertEqual(self.save(self.document).status_code, 200)
        self.document["tasks"][0]["output_transform"] = {"text": "x" * (MAX_BYTES + 1)}
        response = self.save(self.document)
        self.assertEqual(response.status_code, 400)
        self.assertIn("larger than 5 MB", response.json()["message"])


class QuestionsTest(EditorTestCase):
    def test_the_check_tells_problems_picture_and_rules(self) -> None:
        self.document["transitions"][0]["condition"] = {"==": [{"var": "ticket.requst"}, "a"]}
        answer = self.ask("check", {"document": self.document}).json()
        no_default, problem = answer["problems"]
        self.assertEqual(no_default["path"], ["transitions", 0])
        self.assertEqual(problem["path"], ["transitions", 0, "condition"])
        self.assertEqual((problem["is_error"], problem["nearest"]), (True, "ticket.request"))
        self.assertIn('href="#task-handle"', answer["picture"])
        rule = answer["rules"][0]
        self.assertEqual(rule["text"], 'ticket.requst = "a"')
        self.assertEqual(rule["path"], ["transitions", 0, "condition"])

    def test_the_check_runs_the_test_cases(self) -> None:
        field, task = self.document["workflow"]["fields"][0], self.document["tasks"][0]
        case: dict[str, Any] = {
            "name": "Handled",
            "ticket": {field["name"]: "A lathe"},
            "answers": [{"task": task["key"], "output": {task["fields"][0]["name"]: "It is."}}],
            "expect": {"path": [task["key"]]},
        }
        waiting = {**case, "name": "Not handled", "answers": []}
        self.document["tests"] = [case, waiting]
        answer = self.ask("check", {"document": self.document}).json()
        passed, failed = answer["tests"]
        self.assertTrue(passed["has_passed"])
        self.assertEqual(passed["path"], [task["key"]])
        self.assertFalse(failed["has_passed"])
        self.assertEqual(failed["waiting_for"], task["key"])
        # Publishing would refuse it, so that it is a problem.
        problem = next(each for each in answer["problems"] if each["is_error"])
        self.assertEqual(problem["path"], ["tests", 1])
        self.assertIn("There is no answer for", problem["message"])
        # An answer that a form refuses is told beside it, once.
        case["ticket"] = {}
        answer = self.ask("check", {"document": self.document}).json()
        places = [each["path"] for each in answer["problems"] if each["is_error"]]
        self.assertEqual(places, [["tests", 0, "ticket", field["name"]]])
        self.assertIn("refuses the answer", answer["tests"][0]["reason"])
        # Nothing runs while something else is wrong.
        self.document["transitions"].pop()
        self.assertEqual(self.ask("check", {"document": self.document}).json()["tests"], [])

    def test_hostile_test_cases_run_into_nothing(self) -> None:
        whole: dict[str, Any] = {"name": "A", "ticket": {}, "answers": [], "expect": {"path": []}}
        odd: list[Any] = [
            None,
            3,
            "x",
            [],
            [3],
            {},
            {"a": [None]},
            [{"task": {}}],
            True,
            3.5,
            "P1D",
        ]
        for name in (*whole, "submitter", "ticket_type"):
            for value in odd:
                self.document["tests"] = [{**whole, name: value}, value]
                with self.subTest(name=name, value=value):
                    answer = self.ask("check", {"document": self.document})
                    self.assertEqual(answer.status_code, 200)
                self.document["tests"].pop()
                with self.subTest(name=name, value=value, alone=True):
                    answer = self.ask("check", {"document": self.document})
                    self.assertEqual(answer.status_code, 200)
        key = self.document["tasks"][0]["key"]
        for part in ("output", "error", "after"):
            for value in odd:
                answers = [{"task": key, part: value}]
                self.document["tests"] = [{**whole, "answers": answers}]
                with self.subTest(part=part, value=value):
                    answer = self.ask("check", {"document": self.document})
                    self.assertEqual(answer.status_code, 200)

    def test_it_tells_of_another_workflows_ticket_type(self) -> None:
        create_workflow(title="Selling", user=self.carla)
        self.document["ticket_types"][0]["key"] = "selling"
        answer = self.ask("check", {"document": self.document}).json()
        self.assertIn("Choose another key", answer["problems"][0]["message"])

    def test_the_form_is_shown_as_people_will_see_it(self) -> None:
        if_a = {"==": [{"var": "a"}, True]}
        fields = [
            {"name": "a", "label": "<b>A</b>", "type": "boolean"},
            {"name": "b", "label": "Why?", "type": "text", "visible_when": if_a},
            {"name": "Broken", "type": "text"},
        ]
        answer = self.ask("form", {"fields": fields}).json()
        self.assertIn("&lt;b&gt;A&lt;/b&gt;", answer["html"])
        self.assertEqual((answer["visible"], answer["skipped"]), (["a"], 1))
        given = {"fields": fields[:2], "answers": [["answers-a", "true"]]}
        self.assertEqual(self.ask("form", given).json(), {"visible": ["a", "b"]})

    def test_conditions_are_read_and_written(self) -> None:
        answer = self.ask("condition", {"text": "check.ok = yes", "task_keys": ["check"]}).json()
        self.assertEqual(answer["rule"], {"==": [{"var": "tasks.check.ok"}, True]})
        written = self.ask("condition", {"rule": answer["rule"], "task_keys": ["check"]}).json()
        self.assertEqual(written["text"], "check.ok = yes")
        wrong = self.ask("condition", {"text": "check.ok = = yes", "task_keys": ["check"]}).json()
        self.assertTrue(wrong["error"] and wrong["column"])
        own = self.ask("condition", {"text": "a = 1", "fields": ["a"]}).json()
        self.assertEqual(own["rule"], {"==": [{"var": "a"}, 1]})
        kept = {"reduce": [[1], {"var": "current"}, 0]}
        raw = self.ask("condition", {"rule": kept}).json()
        self.assertEqual((raw["rule"], raw["text"]), (kept, None))

    def test_numbers_are_read_as_people_write_them(self) -> None:
        for text, whole, expected in (
            ("12,5", False, {"value": 12.5}),
            ("1\u00a0234", True, {"value": 1234}),
            (
                "1.000",
                False,
                {
                    "error": "“1.000” could mean two numbers. Write 1000 or 1.0.",
                    "is_text": False,
                },
            ),
            ("soon", False, {"error": "Enter a number.", "is_text": True}),
            ("2,5", True, {"error": "Enter a whole number.", "is_text": False}),
            (str(2**53), False, {"error": "This number is too large.", "is_text": False}),
        ):
            with self.subTest(text):
                answer = self.ask("number", {"text": text, "is_whole": whole})
                self.assertEqual(answer.json(), expected)
        self.assertEqual(self.ask("number", {"text": 5}).status_code, 400)

    def test_transforms_are_tried(self) -> None:
        context = {"ticket": {"amount": 3}}
        question = {"text": "total = ticket.amount * 2", "context": context}
        answer = self.ask("transform", question).json()
        self.assertEqual(answer["result"], {"total": 6})
        as_json = json.dumps(answer["template"])
        self.assertEqual(
            self.ask("transform", {"text": as_json, "context": context}).json()["result"],
            {"total": 6},
        )
        wrong = self.ask("transform", {**question, "text": "total = ticket.amuont"}).json()
        self.assertIn("ticket.amuont", wrong["error"])
        unread = self.ask("transform", {**question, "text": "no line"})
        self.assertEqual(unread.status_code, 400)

    def test_the_sample_is_made_up_for_who_may_see_no_tickets(self) -> None:
        self.document["tasks"][0] = {
            "key": "handle",
            "title": "Call",
            "task_type": "ASYNC_ACTION",
            "action_url": "https://example.com",
        }
        question = {"document": self.document, "task": "handle", "answer": False}
        answer = self.ask("sample", question).json()
        self.assertIsNone(answer["ticket"])
        self.assertEqual(list(answer["context"]["ticket"]), ["request"])
        self.assertTrue(answer["context"]["callback"]["url"])
        answer = self.ask("sample", {**question, "answer": True}).json()
        self.assertEqual(answer["context"]["response"], {"body": {}})

    def test_nothing_hostile_brings_a_question_down(self) -> None:
        nothing = WorkflowDefinition.objects.count()
        deep: Any = "x"
        for _level in range(200):
            deep = {"and": [deep]}
        names = ("document", "fields", "rule", "template", "context", "answers", "task_keys")
        for hostile in [*HOSTILE, deep, "x" * 100_000, {"var": "\ud800"}]:
            for name in QUESTIONS:
                question = dict.fromkeys(names, hostile)
                for more in ({}, {"text": "a = 1"}, {"text": hostile, "roots": hostile}):
                    with self.subTest(name, hostile=str(hostile)[:60]):
                        response = self.ask(name, {**question, **more})
                        self.assertIn(response.status_code, (200, 400))
        for name in QUESTIONS:
            for body in ("", "{", "[]", "null", "[" * 50_000, "\xff"):
                response = self.client.post(
                    url(f"editor_{name}"), body, content_type="application/json"
                )
                self.assertEqual(response.status_code, 400, name)
            self.assertEqual(self.client.post(url(f"editor_{name}"), {}).status_code, 400)
            self.assertEqual(self.client.get(url(f"editor_{name}")).status_code, 405)
        self.assertEqual(WorkflowDefinition.objects.count(), nothing)
        self.assertEqual(export_bundle(workflow=self.draft), self.document)

    def test_a_large_document_is_not_drawn(self) -> None:
        self.document["tasks"] = [{"key": f"t{n}", "title": "T"} for n in range(400)]
        answer = self.ask("check", {"document": self.document}).json()
        self.assertEqual(answer["picture"], "")
        self.assertTrue(answer["problems"])


class LastTicketTest(ScreenTestCase):
    def test_who_may_see_tickets_tries_with_the_last_one(self) -> None:
        ticket = self.submit(amount=77)
        question = {
            "document": export_bundle(workflow=self.definition.workflow),
            "task": "order",
            "answer": False,
        }
        address = url("editor_sample")
        self.log_in(self.carla)
        body = json.dumps(question)
        answer = self.client.post(address, body, content_type="application/json").json()
        self.assertIsNone(answer["ticket"])
        self.assertNotIn(77, answer["context"]["ticket"].values())
        for group in self.terry.groups.all():
            self.carla.groups.add(group)
        answer = self.client.post(address, body, content_type="application/json").json()
        self.assertEqual(answer["ticket"], ticket.pk)
        self.assertEqual(answer["context"]["ticket"]["amount"], 77)


class WhoMayEditTest(EditorTestCase):
    def addresses(self) -> list[str]:
        pages = [url(name, self.draft.pk) for name in ("edit", "start_editing", "duplicate")]
        return [*pages, url("new"), *(url(f"editor_{name}") for name in QUESTIONS)]

    def test_others_are_refused(self) -> None:
        for person in (self.uma, self.wendy, self.terry, self.alice):
            self.log_in(person)
            for address in self.addresses():
                with self.subTest(address, person=person.email):
                    response = self.client.post(address, "{}", content_type="application/json")
                    self.assertEqual(response.status_code, 403)

    def test_visitors_are_asked_to_log_in(self) -> None:
        self.client.logout()
        for address in self.addresses():
            response = self.client.post(address, "{}", content_type="application/json")
            self.assertEqual(response.status_code, 302, address)

    def test_a_superuser_outside_a_company_is_refused(self) -> None:
        self.log_in(self.root)
        for address in self.addresses():
            response = self.client.post(address, "{}", content_type="application/json")
            self.assertIn(response.status_code, (403, 404), address)

    def test_charlie_of_another_company_sees_nothing(self) -> None:
        self.log_in(self.charlie)
        for name in ("edit", "start_editing", "duplicate"):
            address = url(name, self.draft.pk)
            self.assertEqual(self.client.get(address).status_code, 404 if name == "edit" else 405)
            response = self.client.post(address, "{}", content_type="application/json")
            self.assertEqual(response.status_code, 404)
        # Keys are each company's own: that of a ticket type in Acme says nothing in Globex.
        self.document["workflow"]["key"] = "other"
        answer = self.ask("check", {"document": self.document}).json()
        self.assertEqual(answer["problems"], [])
        use_company(self.globex)
        self.assertEqual(WorkflowDefinition.objects.count(), 0)

    def test_a_token_is_needed(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.carla)
        for address in self.addresses():
            response = client.post(address, "{}", content_type="application/json")
            self.assertEqual(response.status_code, 403, address)


class NewWorkflowTest(EditorTestCase):
    def test_a_title_is_all_it_takes(self) -> None:
        self.assertContains(self.client.get(url("changelist")), url("new"))
        self.assertContains(self.client.get(url("new")), "What is it called?")
        page = self.client.post(url("new"), {"title": "Leave"}, follow=True)
        made = WorkflowDefinition.objects.get(title="Leave")
        self.assertRedirects(page, url("edit", made.pk))

    def test_no_title_is_told_beside_the_field(self) -> None:
        page = self.client.post(url("new"), {"title": " "})
        self.assertContains(page, "Give the workflow a title")
        page = self.client.post(url("new"), {"title": "x" * 300})
        self.assertContains(page, "x" * 300)

    def test_it_duplicates(self) -> None:
        page = self.client.post(url("duplicate", self.draft.pk), follow=True)
        self.assertContains(page, "Copy of Purchases")
        self.assertEqual(WorkflowDefinition.objects.count(), 2)


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10)
class UploadLimitTest(EditorTestCase):
    def test_djangos_limit_for_forms_is_not_the_editors(self) -> None:
        self.assertEqual(self.save(self.document).status_code, 200)
