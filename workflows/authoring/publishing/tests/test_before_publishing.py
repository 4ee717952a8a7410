"""What stands beside the button that publishes: who wrote it, what is new, and its test cases."""

from __future__ import annotations

import re
from typing import Any

from tenants.audit.acting import acting_as, actor_of
from tenants.audit.record import record
from tenants.mcp.tests.assistant import Assistant
from tenants.testing import CompanyTestCase
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.editing.save_draft import DRAFT_SAVED
from workflows.authoring.publishing.writers import writers_of
from workflows.models import WorkflowDefinition


class BeforePublishingTests(CompanyTestCase):
    def set_up_once(self) -> None:
        import_fixture("vacation", self.carla)

    def setUp(self) -> None:
        super().setUp()
        self.save_as_assistant("Days off")

    def save_as_assistant(self, title: str, **arguments: str) -> None:
        document: Any = fixture_document("vacation")
        document["workflow"]["title"] = title
        Assistant(self.carla).write("save_draft", document=document, **arguments)

    def read_on(self, page: Any) -> str:
        """What of the draft the page says that it shows."""
        [found] = re.findall(r'name="read" value="([^"]+)"', page.content.decode())
        return str(found)

    def draft(self) -> WorkflowDefinition:
        return WorkflowDefinition.objects.drafts().get()

    def page(self, workflow: WorkflowDefinition) -> Any:
        return self.client.get(f"/app/workflows/workflowdefinition/{workflow.pk}/change/")

    def test_it_says_which_assistant_wrote_it_and_for_whom(self) -> None:
        [writer] = writers_of(self.draft())
        self.assertEqual(writer.who, f"Assistant Claude for {self.carla} <{self.carla.email}>")
        self.log_in(self.carla)
        page = self.page(self.draft())
        self.assertContains(page, "Assistant Claude for Carla")
        self.assertContains(page, "1 change since version 1, which is published")
        self.assertContains(page, "Days off")
        self.assertContains(page, "test cases, all of which pass")

    def test_a_person_who_goes_on_with_it_stands_first(self) -> None:
        copy = new_draft(workflow=self.draft(), user=self.carla)
        self.assertNotIn("Assistant", writers_of(copy)[0].who)

    def test_from_elsewhere_it_is_not_published_unread(self) -> None:
        """Such as from the editor, which shows neither who wrote it nor what is new."""
        self.log_in(self.carla)
        draft = self.draft()
        address = f"/app/workflows/workflowdefinition/{draft.pk}/publish/"
        page = self.client.post(address, follow=True)
        self.assertContains(page, "An assistant has written in this draft.")
        self.assertContains(page, "Assistant Claude for Carla")
        draft.refresh_from_db()
        self.assertTrue(draft.is_draft)
        self.client.post(address, {"read": self.read_on(self.page(draft))})
        draft.refresh_from_db()
        self.assertTrue(draft.is_published)

    def test_what_an_assistant_saves_after_the_page_was_opened_is_not_published(
        self,
    ) -> None:
        self.log_in(self.carla)
        draft = self.draft()
        read = self.read_on(self.page(draft))
        self.save_as_assistant("What nobody has read", replaces=draft.updated_at.isoformat())
        address = f"/app/workflows/workflowdefinition/{draft.pk}/publish/"
        page = self.client.post(address, {"read": read}, follow=True)
        self.assertContains(page, "after you opened it")
        draft.refresh_from_db()
        self.assertEqual(draft.title, "What nobody has read")
        self.assertTrue(draft.is_draft)
        self.client.post(address, {"read": self.read_on(page)})
        draft.refresh_from_db()
        self.assertTrue(draft.is_published)

    def test_however_many_people_have_saved_since_an_assistant_has_written_in_it(self) -> None:
        draft = self.draft()
        for person in (self.alice, self.wendy, self.walt, self.terry, self.uma):
            with acting_as(actor_of(person, sender="")):
                record(DRAFT_SAVED, about=draft, person=person, key=draft.key, version=2)
        self.assertNotIn("Assistant", " ".join(each.who for each in writers_of(draft)))
        self.log_in(self.carla)
        address = f"/app/workflows/workflowdefinition/{draft.pk}/publish/"
        self.assertContains(self.client.post(address, follow=True), "An assistant has written")
        draft.refresh_from_db()
        self.assertTrue(draft.is_draft)

    def test_of_another_company_nobody_sees_it(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(self.page(self.draft()).status_code, 404)
