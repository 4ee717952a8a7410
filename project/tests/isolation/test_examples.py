"""For every model and every argument there is an example."""

from __future__ import annotations

from django.contrib import admin

from project.tests.isolation.isolation_case import IsolationTestCase
from project.tests.pages import all_pages


class ExamplesTests(IsolationTestCase):
    """The other tests prove something only if there is something to see."""

    def test_every_registered_model_has_an_example(self) -> None:
        objects = self.examples.objects
        missing = [m._meta.label for m in admin.site._registry if not objects.get(m)]
        self.assertEqual(
            missing, [], "Add an object of Acme's to Examples.objects in isolation/examples.py."
        )

    def test_every_argument_has_an_example(self) -> None:
        for page in all_pages():
            with self.subTest(str(page)):
                self.assertTrue(self.examples.for_page(page))

    def test_the_walk_finds_the_pages(self) -> None:
        names = {page.name for page in all_pages()}
        for name in (
            "landing",
            "enter_company",
            "admin:index",
            "admin:tenants_user_changelist",
            "admin:auth_user_password_change",
            "admin:workflows_companyrole_delete",
            "admin:tickets_myticket_add",
        ):
            self.assertIn(name, names)
