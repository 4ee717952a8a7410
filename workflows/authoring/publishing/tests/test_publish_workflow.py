from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.bundles.document.errors import NotPublishableError
from workflows.errors import NotADraftError
from workflows.models import CompanyRole, DefinitionStatus, TicketDefinition, WorkflowDefinition

VACATION = {"location": "Spain", "season": "Fall"}


def changed(title: str = "Another title", *, types: list[Any] | None = None) -> dict[str, Any]:
    """The vacation bundle with another title; `types`: its ticket types."""
    document: dict[str, Any] = fixture_document("vacation")
    document["workflow"]["title"] = title
    del document["tests"]  # they would report the same problems once more
    if types is not None:
        document["ticket_types"] = types
    return document


class PublishWorkflowTest(CompanyTestCase):
    def draft(self, title: str = "Another title", *, types: list[Any] | None = None) -> Any:
        return import_bundle(document=changed(title, types=types), user=self.carla)

    def active(self) -> list[tuple[str, int, int]]:
        """Key, own version and the workflow's version of what is offered."""
        types = TicketDefinition.objects.active().select_related("workflow").order_by("key")
        return [(each.key, each.version, each.workflow.version) for each in types]

    def test_it_publishes_a_draft_with_its_ticket_types(self) -> None:
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        draft = import_bundle(document=fixture_document("vacation"), user=self.carla)
        published = publish_workflow(workflow=draft, user=self.alice, now=now)
        self.assertEqual(published.status, DefinitionStatus.PUBLISHED)
        self.assertEqual((published.published_by, published.published_at), (self.alice, now))
        self.assertEqual(self.active(), [("vacation", 1, 1)])
        self.assertTrue(TicketDefinition.objects.submittable_by(self.uma).exists())

    def test_the_version_before_is_retired(self) -> None:
        first = import_fixture("vacation", self.carla)
        publish_workflow(workflow=self.draft(), user=self.carla)
        self.assertEqual(
            WorkflowDefinition.objects.get(pk=first.pk).status, DefinitionStatus.RETIRED
        )
        self.assertEqual(self.active(), [("vacation", 2, 2)])

    def test_a_ticket_type_that_is_not_listed_any_more_is_not_offered(self) -> None:
        first = [{"key": "vacation", "title": "Vacation"}, {"key": "day_off", "title": "Day off"}]
        publish_workflow(workflow=self.draft(types=first), user=self.carla)
        self.assertEqual(self.active(), [("day_off", 1, 1), ("vacation", 1, 1)])
        publish_workflow(workflow=self.draft("Third", types=first[:1]), user=self.carla)
        self.assertEqual(self.active(), [("vacation", 2, 2)])

    def test_without_any_ticket_types_the_active_ones_move_on(self) -> None:
        import_fixture("vacation", self.carla)
        role = CompanyRole.objects.get(name="Vacation Approver")
        old = TicketDefinition.objects.get()
        old.roles_with_access.add(role)
        old.presets = {"season": "Summer"}
        old.save()
        publish_workflow(workflow=self.draft(types=[]), user=self.carla)
        self.assertEqual(self.active(), [("vacation", 2, 2)])
        moved = TicketDefinition.objects.active().get()
        self.assertEqual(moved.presets, {"season": "Summer"})
        self.assertEqual(list(moved.roles_with_access.all()), [role])
        document = export_bundle(workflow=WorkflowDefinition.objects.get(version=2))
        self.assertEqual(
            document["ticket_types"],
            [
                {
                    "key": "vacation",
                    "title": "Vacation",
                    "description": "Ask for a vacation.",
                    "presets": {"season": "Summer"},
                    "roles_with_access": ["Vacation Approver"],
                    "icon": "beach_access",
                }
            ],
        )

    def test_ticket_types_that_would_move_on_must_fit_the_draft(self) -> None:
        import_fixture("vacation", self.carla)
        TicketDefinition.objects.update(presets={"season": "Summer"})
        document = changed(types=[])
        document["workflow"]["fields"][1]["choices"] = ["Wet", "Dry"]
        draft = import_bundle(document=document, user=self.carla)
        with self.assertRaises(NotPublishableError) as caught:
            publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(
            [each.place for each in caught.exception.problems], ["ticket_types[0].presets.season"]
        )

    def test_a_submitted_ticket_keeps_its_version(self) -> None:
        first = import_fixture("vacation", self.carla)
        ticket = submit_ticket(
            definition=TicketDefinition.objects.get(), data={**VACATION}, user=self.uma
        )
        publish_workflow(workflow=self.draft(), user=self.carla)
        ticket.refresh_from_db()
        self.assertEqual(ticket.workflow, first)
        self.assertEqual(ticket.definition.version, 1)

    def test_only_a_draft_can_be_published(self) -> None:
        first = import_fixture("vacation", self.carla)
        with self.assertRaises(NotADraftError):
            publish_workflow(workflow=first, user=self.carla)
        publish_workflow(workflow=self.draft(), user=self.carla)
        with self.assertRaises(NotADraftError):
            publish_workflow(workflow=first, user=self.carla)

    def test_a_draft_that_was_spoilt_is_refused_and_nothing_changes(self) -> None:
        import_fixture("vacation", self.carla)
        draft = self.draft()
        draft.transitions.filter(to_task=None).delete()
        self.assertEqual([each.place for each in publishing_problems(workflow=draft)], ["tasks[0]"])
        with self.assertRaises(NotPublishableError) as caught:
            publish_workflow(workflow=draft, user=self.carla)
        self.assertIn("Task “Approve the vacation”", str(caught.exception))
        self.assertEqual(self.active(), [("vacation", 1, 1)])

    def test_a_ticket_type_that_another_workflow_took_meanwhile_is_refused(self) -> None:
        draft = import_bundle(document=fixture_document("vacation"), user=self.carla)
        other = WorkflowDefinition.objects.create(key="other", title="Other")
        TicketDefinition.objects.create(
            key="vacation", version=7, title="Taken", workflow=other, is_active=True
        )
        with self.assertRaises(NotPublishableError) as caught:
            publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(
            [each.place for each in caught.exception.problems], ["ticket_types[0].key"]
        )


class PublishTogetherTest(CompanyTransactionTestCase):
    def test_of_two_drafts_published_at_once_one_is_published_in_the_end(self) -> None:
        drafts = [
            import_bundle(document=changed(title), user=self.carla) for title in ("One", "Two")
        ]
        publishing = [partial(publish_workflow, workflow=each, user=None) for each in drafts]
        self.assertEqual(at_once(*publishing, company=self.acme), [None, None])
        self.assertEqual(
            sorted(WorkflowDefinition.objects.values_list("status", flat=True)),
            ["PUBLISHED", "RETIRED"],
        )
        self.assertEqual(TicketDefinition.objects.active().count(), 1)
