"""Names and titles hold 255 characters: in every table, form, file and script."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import SimpleTestCase
from django.urls import reverse

from project.visitors.sign_up_forms import SignUpForm
from tenants.names import LONGEST_NAME
from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.submitting.pages.ticket_form import TitleForm
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import fixture_document
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import canonical, check_bundle
from workflows.bundles.document.canonical import SCHEMA
from workflows.engine.process import JsonObject
from workflows.models import CompanyRole, TaskDefinition, WorkflowDefinition
from workflows.workbooks import FileType, read_document, write_document

NAMES = frozenset({"name", "title", "label", "end_label", "filename", "first_name", "last_name"})
SCRIPTS = settings.BASE_DIR / "workflows" / "authoring" / "editing" / "static" / "editing"


def long_name(start: str) -> str:
    return start + "x" * (LONGEST_NAME - len(start))


class LimitTests(SimpleTestCase):
    def test_every_table_holds_them(self) -> None:
        found = 0
        for model in apps.get_models():
            if model._meta.app_label in ("tenants", "workflows", "tickets"):
                for field in model._meta.concrete_fields:
                    if field.name in NAMES and isinstance(field, models.CharField):
                        found += 1
                        with self.subTest(model.__name__, field=field.name):
                            self.assertEqual(field.max_length, LONGEST_NAME)
        self.assertGreaterEqual(found, 12)

    def test_forms_ask_for_as_much(self) -> None:
        for form in (SignUpForm(), TitleForm()):
            for name, field in form.fields.items():
                if name in {*NAMES, "company_name"} and isinstance(field, forms.CharField):
                    self.assertEqual(field.max_length, LONGEST_NAME, name)

    def test_the_format_says_the_same(self) -> None:
        parts: Any = SCHEMA["$defs"]
        link = parts["ext_ref"]["items"]["properties"]
        choice = parts["choice"]["anyOf"]
        limits = [
            parts["title"], parts["role_name"], link["label"], choice[0],
            choice[1]["properties"]["value"], choice[1]["properties"]["label"],
            parts["field"]["properties"]["label"], parts["field"]["properties"]["role"],
            parts["transition"]["properties"]["label"],
            parts["test"]["properties"]["name"], parts["test_expectation"]["properties"]["end"],
            parts["test_submitter"]["properties"]["first_name"],
            parts["test_submitter"]["properties"]["last_name"],
        ]  # fmt: skip
        self.assertEqual({each["maxLength"] for each in limits}, {LONGEST_NAME})

    def test_the_scripts_and_templates_follow(self) -> None:
        said = (SCRIPTS / "document/names.js").read_text(encoding="utf-8")
        self.assertIn(f"LONGEST_NAME = {LONGEST_NAME};", said)
        for script in SCRIPTS.rglob("*.js"):
            text = script.read_text(encoding="utf-8")
            self.assertEqual(re.findall(r"max(?:[lL]ength)?: (?:100|150|200|255)\b", text), [])
        for app in ("tenants", "workflows", "tickets", "project"):
            for template in (settings.BASE_DIR / app).rglob("*.html"):
                text = template.read_text(encoding="utf-8")
                self.assertEqual(re.findall(r'maxlength="\d+"', text), [], template)


class LongNamesTests(CompanyTestCase):
    """A workflow in which everything has the longest name, from the file to the ticket."""

    def document(self) -> dict[str, Any]:
        made: dict[str, Any] = deepcopy(fixture_document("vacation"))
        made["workflow"]["title"] = long_name("Workflow")
        made["company_roles"] = [{"name": long_name("Role")}]
        made.pop("tests", None)
        for number, task in enumerate(made["tasks"]):
            task["title"] = long_name(f"Task {number}")
            task["ext_ref"] = [{"label": long_name("Link"), "uri": "https://example.com/"}]
            task.pop("candidate_role", None)
            for field in task["fields"]:
                field["label"] = long_name("Question")
        made["tasks"][0]["candidate_role"] = long_name("Role")
        for transition in made["transitions"]:
            transition["label"] = long_name("Transition")
        for each in made["ticket_types"]:
            each["title"] = long_name("Type")
            each.pop("roles_with_access", None)
        return made

    def test_they_are_kept_in_every_format_and_come_out_again(self) -> None:
        for file_type in FileType:
            with self.subTest(file_type):
                content = write_document(canonical(self.document()), file_type)
                reading = read_document(content, f"long.{file_type}")
                self.assertEqual(reading.check(), [])
                assert isinstance(reading.document, dict)
                self.assertEqual(canonical(reading.document), canonical(self.document()))
        workflow = import_bundle(document=self.document(), user=self.carla)
        self.assertEqual(export_bundle(workflow=workflow), canonical(self.document()))
        self.assertEqual(CompanyRole.objects.get().name, long_name("Role"))

    def test_a_ticket_has_one_on_every_page(self) -> None:
        publish_workflow(
            workflow=import_bundle(document=self.document(), user=self.carla), user=self.carla
        )
        workflow = WorkflowDefinition.objects.get()
        definition = workflow.ticket_definitions.get()
        data: JsonObject = {"location": "Spain", "season": "Summer", "activities": "Swimming"}
        title = long_name("Ticket")
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=definition, data=data, user=self.uma, title=title)
        self.assertEqual(Ticket.objects.get().title, title)
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        self.assertContains(page, title)

    def test_one_more_character_is_refused_with_how_many_there_may_be(self) -> None:
        document = self.document()
        document["workflow"]["title"] += "x"
        (problem,) = check_bundle(document)
        self.assertEqual(problem.place, "workflow.title")
        self.assertIn(f"at most {LONGEST_NAME} characters", problem.message)
        document = self.document()
        document["tasks"][0]["fields"][0]["label"] += "x"
        (problem,) = check_bundle(document)
        self.assertIn(str(LONGEST_NAME), problem.message)

    def test_a_workflow_with_a_longer_title_is_refused_beside_the_field(self) -> None:
        self.log_in(self.carla)
        address = reverse("admin:workflows_workflowdefinition_new")
        page = self.client.post(address, {"title": "x" * (LONGEST_NAME + 1)})
        self.assertContains(page, f"at most {LONGEST_NAME} characters")
        self.assertContains(page, f'maxlength="{LONGEST_NAME}"')
        self.assertEqual(TaskDefinition.objects.count(), 0)
