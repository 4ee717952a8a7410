from __future__ import annotations

from typing import Any

from django.db import transaction
from hypothesis import given

from tenants.testing import CompanyTestCase
from tenants.testing_tools.examples import examples
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import canonical, write_bundle
from workflows.bundles.tests.bundle_strategies import OTHER, bundles
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition

FIXTURES = ("invoice", "vacation", "it_help")


class ExportBundleTest(CompanyTestCase):
    SECONDS_EACH = 1.5

    def test_what_is_exported_is_what_was_imported(self) -> None:
        for name in FIXTURES:
            with self.subTest(name):
                workflow = import_fixture(name, self.carla)
                self.assertEqual(
                    export_bundle(workflow=workflow), canonical(fixture_document(name))
                )

    def test_a_draft_is_exported_like_a_published_version(self) -> None:
        draft = import_bundle(document=fixture_document("invoice"), user=self.carla)
        self.assertEqual(export_bundle(workflow=draft), canonical(fixture_document("invoice")))

    def test_importing_an_export_changes_nothing(self) -> None:
        for name in FIXTURES:
            with self.subTest(name):
                workflow = import_fixture(name, self.carla)
                again = import_bundle(document=export_bundle(workflow=workflow), user=self.carla)
                self.assertEqual(again, workflow)
        self.assertEqual(WorkflowDefinition.objects.count(), len(FIXTURES))

    def test_a_generated_bundle_comes_back_as_it_was(self) -> None:
        """But for company roles that nothing names, which are the company's own."""
        other = import_bundle(document=OTHER, user=None)
        publish_workflow(workflow=other, user=None)

        @given(bundles())
        @examples(25)
        def check(document: dict[str, Any]) -> None:
            with transaction.atomic():
                self.assert_comes_back(document)
                transaction.set_rollback(True)

        check()

    def assert_comes_back(self, document: dict[str, Any]) -> None:
        workflow = import_bundle(document=document, user=self.carla)
        stored = WorkflowDefinition.objects.get(pk=workflow.pk)
        exported = export_bundle(workflow=stored)
        self.assertEqual(
            write_bundle(without_roles(exported)),
            write_bundle(without_roles(canonical(document))),
        )
        self.assertEqual(import_bundle(document=exported, user=None), stored)
        self.assertEqual(import_bundle(document=document, user=None), stored)
        for role in CompanyRole.objects.all():
            role.members.add(self.uma)  # as whose tickets those that recur start
        publish_workflow(workflow=stored, user=None)
        self.assertEqual(
            export_bundle(workflow=WorkflowDefinition.objects.get(pk=stored.pk)), exported
        )
        self.assertEqual(import_bundle(document=exported, user=None), stored)

    def test_a_role_in_another_spelling_stays_the_companys(self) -> None:
        CompanyRole.objects.create(name="vacation approver")
        workflow = import_fixture("vacation", self.carla)
        self.assertEqual(
            export_bundle(workflow=workflow)["company_roles"], [{"name": "vacation approver"}]
        )

    def test_a_ticket_type_that_is_not_offered_is_not_exported(self) -> None:
        workflow = import_fixture("it_help", self.carla)
        TicketDefinition.objects.filter(key="it_outage").update(is_active=False)
        exported: Any = export_bundle(workflow=workflow)["ticket_types"]
        self.assertEqual([each["key"] for each in exported], ["it_help", "it_password"])


def without_roles(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "company_roles"}
