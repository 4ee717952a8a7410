from __future__ import annotations

from tenants.testing import CompanyTestCase
from tickets.services import export_bundle, import_bundle
from tickets.testing import fixture_document, import_fixture
from workflows.bundles import canonical
from workflows.models import WorkflowDefinition

FIXTURES = ("invoice", "vacation", "it_help")


class ExportBundleTest(CompanyTestCase):
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
