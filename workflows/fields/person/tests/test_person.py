"""A question for a person, from the document that asks it to the replay of its tickets."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.models import User
from tenants.services import create_person
from tenants.testing import CompanyTestCase, email_of
from tickets.models import Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.correct_data import correct_ticket_data
from tickets.replaying.replay_tickets import replay_tickets
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.pages.field_rows import field_table
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle, problems_here
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.ticket_types.add_ticket_type import add_ticket_type
from workflows.authoring.trying.change_test_cases import add_test_case
from workflows.authoring.trying.run_test_cases import run_test_cases
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError, PresetsRefusedError, RoleInUseError
from workflows.fields.person import screen
from workflows.forms import AnswersForm, show_answers
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowDefinition
from workflows.people.company_roles import delete_company_role, uses_of_role

WALT, WENDY, CHARLIE = email_of("walt"), email_of("wendy"), email_of("charlie")
IS_WALT: JsonObject = {"==": [{"var": "ticket.approver.email"}, WALT]}


def document(**approver: Any) -> JsonObject:
    """Who is named as approver decides the transition; the task asks for a deputy in each row."""
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "purchase",
            "title": "Purchase",
            "fields": [
                {"name": "what", "type": "text"},
                {
                    "name": "approver",
                    "type": "person",
                    "required": True,
                    "role": "Approvers",
                    **approver,
                },
            ],
        },
        "tasks": [
            {
                "key": "order",
                "title": "Order",
                "fields": [
                    {
                        "name": "lines",
                        "type": "records",
                        "fields": [
                            {"name": "what", "type": "text"},
                            {"name": "deputy", "type": "person"},
                        ],
                    },
                    {"name": "done", "type": "boolean"},
                ],
            }
        ],
        "transitions": [
            {"from": "start", "to": "order", "condition": IS_WALT, "priority": 1},
            {"from": "start", "to": "end", "label": "no", "priority": 2},
            {"from": "order", "to": "end", "label": "done"},
        ],
        "ticket_types": [{"key": "purchase", "title": "Purchase"}],
        "company_roles": [{"name": "Approvers"}],
    }


def snapshot(person: User) -> JsonObject:
    return {"id": person.pk, "email": person.email, "name": str(person)}


def queries() -> CaptureQueriesContext:
    return CaptureQueriesContext(connection)


def sent(**values: str) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data[f"answers-{name}"] = value
    return data


class PersonCase(CompanyTestCase):
    definition: TicketDefinition
    workflow: WorkflowDefinition
    role: CompanyRole

    @classmethod
    def setUpTestData(cls) -> None:
        cls.load_people()
        cls.role = CompanyRole.objects.create(name="Approvers")
        cls.role.members.set([cls.walt, cls.wendy])
        draft = import_bundle(document=document(), user=cls.carla)
        cls.workflow = publish_workflow(workflow=draft, user=cls.carla)
        cls.definition = TicketDefinition.objects.get(key="purchase", is_active=True)

    def submit(self, approver: object) -> Ticket:
        data: JsonObject = {"what": "Desk", "approver": approver}  # type: ignore[dict-item]
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(definition=self.definition, data=data, user=self.uma)

    def form(self, **values: str) -> AnswersForm:
        return AnswersForm(self.workflow.fields, data=sent(**values))


class FormTests(PersonCase):
    def test_people_are_found_by_address_and_by_name(self) -> None:
        for typed in (WALT, WALT.upper(), "Walt Wood", " walt   WOOD ", f"Walt Wood ({WALT})"):
            with self.subTest(typed=typed):
                form = self.form(approver=typed)
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.answers(), {"approver": snapshot(self.walt)})

    def test_strangers_people_elsewhere_and_who_left_are_refused_in_the_same_words(self) -> None:
        User.objects.filter(pk=self.wendy.pk).update(is_active=False)
        messages = set()
        for typed in ("nobody@acme.example", CHARLIE, "Charlie Chaplin", WENDY, email_of("uma")):
            form = self.form(approver=typed)
            self.assertFalse(form.is_valid())
            messages |= set(form.errors["approver"])
            self.assertIn(typed, form.render())  # what was typed is still there
        self.assertEqual(len(messages), 1)

    def test_two_of_one_name_must_be_told_apart(self) -> None:
        other = create_person(
            company=self.acme, email="walt2@acme.example", password=None,
            first_name="Walt", last_name="Wood", roles=(),
        )  # fmt: skip
        self.role.members.add(other)
        form = self.form(approver="Walt Wood")
        self.assertIn("Several people", str(form.errors["approver"]))
        self.assertTrue(self.form(approver="walt2@acme.example").is_valid())

    def test_what_nobody_could_type_is_no_error_of_the_server(self) -> None:
        for typed in ("\x00@x", "a" * 9_000, "@", "(", "\ud800@x.y", "1", "{}"):
            with self.subTest(typed=typed[:20]):
                self.assertFalse(self.form(approver=typed).is_valid())

    def test_the_list_has_the_members_of_the_role(self) -> None:
        html = AnswersForm(self.workflow.fields).render()
        self.assertIn(f'<option value="{WALT}"', html)
        self.assertIn(f'<option value="{WENDY}"', html)
        for other in (email_of("uma"), CHARLIE):
            self.assertNotIn(other, html)

    def test_many_people_are_not_all_in_the_page(self) -> None:
        people = [
            User(email=f"p{number}@acme.example", first_name=f"P{number}", company=self.acme)
            for number in range(300)
        ]
        User.objects.bulk_create(people)
        html = AnswersForm([{"name": "who", "type": "person"}]).render()
        self.assertNotIn("p7@acme.example", html)
        self.assertIn("data-people=", html)
        self.assertIn("person/people.js", html)
        form = AnswersForm([{"name": "who", "type": "person"}], data=sent(who="p7@acme.example"))
        self.assertTrue(form.is_valid(), form.errors)

    def test_a_form_takes_one_query_for_what_it_offers_and_one_for_what_was_typed(self) -> None:
        specs: list[JsonObject] = [
            {"name": "a", "type": "person", "role": "Approvers"},
            {"name": "b", "type": "person"},
            {"name": "c", "type": "records", "fields": [{"name": "d", "type": "person"}]},
        ]
        User.objects.exists()  # the connection is set to the company by its first query
        with self.assertNumQueries(1):
            AnswersForm(specs).render()
        data = sent(a=WALT, b=WENDY, **{"c-0-d": WALT, "c-1-d": "Wendy Wells", "c-2-d": "x@y.z"})
        with self.assertNumQueries(2):
            form = AnswersForm(specs, data=data)
            self.assertFalse(form.is_valid())
        self.assertEqual(set(form.errors), {"c"})
        rows = form.answers()["c"]
        self.assertEqual(
            rows, [{"d": snapshot(self.walt)}, {"d": snapshot(self.wendy)}, {"d": "x@y.z"}]
        )
        with self.assertNumQueries(0):
            AnswersForm([{"name": "a", "type": "text"}], data=sent(a="x")).is_valid()

    def test_what_nobody_changed_is_kept_although_the_person_left(self) -> None:
        old: JsonObject = {"approver": {**snapshot(self.walt), "name": "Walter"}}
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        form = AnswersForm(self.workflow.fields, data=sent(approver=WALT), initial_answers=old)
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(form.answers(), old)

    def test_shown_when_reads_the_person(self) -> None:
        specs: list[JsonObject] = [
            {"name": "who", "type": "person"},
            {"name": "why", "type": "text", "visible_when": {"==": [{"var": "who.email"}, WALT]}},
        ]
        self.assertIn("why", AnswersForm(specs, data=sent(who=WALT)).visible())
        self.assertNotIn("why", AnswersForm(specs, data=sent(who=WENDY)).visible())
        specs[0]["default"] = WALT
        self.assertIn("why", AnswersForm(specs).visible())


class SearchTests(PersonCase):
    def address(self) -> str:
        field = AnswersForm([{"name": "a", "type": "person"}]).validator.fields["a"]
        return str(screen._search(field).attrs["data-people"])

    def test_it_finds_people_of_the_company(self) -> None:
        self.log_in(self.uma)
        found = self.client.get(f"{self.address()}&q=wal wo").json()["people"]
        self.assertEqual(found, [{"email": WALT, "name": "Walt Wood"}])
        for typed in ("charlie", "w", "", "%00%00", "%F0", "a" * 3_000):
            found = self.client.get(f"{self.address()}&q={typed}").json()["people"]
            self.assertEqual(found, [])

    def test_only_a_form_of_the_company_can_ask(self) -> None:
        address = self.address()
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(f"{address}&q=walt").status_code, 403)
        self.log_in(self.uma)
        plain = reverse("admin:workflows_workflowdefinition_people")
        for of in ("", "x", address.partition("of=")[2][:-3]):
            answer = self.client.get(plain, {"of": of, "q": "walt"})
            self.assertEqual(answer.status_code, 403)


class ServiceTests(PersonCase):
    def test_conditions_read_the_person(self) -> None:
        ticket = self.submit(snapshot(self.walt))
        self.assertTrue(TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance))
        other = self.submit(snapshot(self.wendy))
        self.assertFalse(TaskInstance.objects.filter(workflow_instance=other.workflow_instance))

    def test_ids_of_another_company_are_refused_like_unknown_ones(self) -> None:
        messages, counts = set(), set()
        gone = User.objects.create(email="gone@acme.example", company=self.acme, is_active=False)
        self.submit(snapshot(self.walt))  # from now on it is known what Uma may do
        forged = {**snapshot(self.walt), "name": "Somebody else"}
        for answer in (
            snapshot(self.charlie), {**snapshot(self.walt), "id": 2**62}, snapshot(gone),
            snapshot(self.uma), snapshot(self.root), forged,
        ):  # fmt: skip
            with self.assertRaises(InvalidDataError) as raised, queries() as asked:
                self.submit(answer)
            counts.add(len(asked))
            messages |= {(each.field, each.message) for each in raised.exception.problems}
        self.assertEqual((len(messages), len(counts)), (1, 1))

    def test_what_is_no_person_is_refused(self) -> None:
        wrong: list[Any] = [WALT, 5, True, [], {}, {"id": self.walt.pk}, {"id": "1"}, {"id": 2**70}]
        for answer in wrong:
            with self.subTest(answer=answer), self.assertRaises(InvalidDataError):
                self.submit(answer)

    def test_a_task_asks_for_people_in_rows(self) -> None:
        ticket = self.submit(snapshot(self.walt))
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        worker = task.assigned_to
        assert worker is not None
        wrong: JsonObject = {"lines": [{"what": "Desk", "deputy": snapshot(self.charlie)}]}
        with self.assertRaises(InvalidDataError) as raised:
            complete_task(task=task, output=wrong, user=worker)
        self.assertEqual(raised.exception.problems[0].field, "lines.0.deputy")
        right: JsonObject = {"lines": [{"what": "Desk", "deputy": snapshot(self.uma)}]}
        complete_task(task=task, output=right, user=worker)
        task.refresh_from_db()
        self.assertEqual(task.output_data, right)
        table = show_answers(task.definition.fields, right)[0]
        self.assertEqual([cell.text for cell in table.rows[0]], ["Desk", "Uma Urban"])

    def test_a_correction_keeps_who_has_left(self) -> None:
        ticket = self.submit(snapshot(self.walt))
        User.objects.filter(pk=self.walt.pk).update(is_active=False, first_name="Walter")
        data: JsonObject = {"what": "Chair", "approver": snapshot(self.walt)}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason="Misheard")
        ticket.refresh_from_db()
        self.assertEqual(ticket.data["approver"], snapshot(self.walt))
        for stranger in (snapshot(self.charlie), {**snapshot(self.walt), "id": self.uma.pk}):
            data = {"what": "Chair", "approver": stranger}
            with self.assertRaises(InvalidDataError):
                correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason="Misheard")

    def test_a_replay_decides_by_what_was_read_then(self) -> None:
        ticket = self.submit(snapshot(self.walt))
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        assert task.assigned_to is not None
        complete_task(task=task, output={"done": True}, user=task.assigned_to)
        User.objects.filter(pk=self.walt.pk).update(email="new@acme.example", is_active=False)
        self.role.members.clear()
        found = replay_tickets(workflow=self.workflow, limit=10, by=self.root)
        self.assertEqual((found.count, found.same), (1, 1))

    def test_a_ticket_moves_with_somebody_who_left(self) -> None:
        ticket = self.submit(snapshot(self.walt))
        draft = new_draft(workflow=self.workflow, user=self.carla)
        target = publish_workflow(workflow=draft, user=self.carla)
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        moved = move_tickets(tickets=[ticket], to=target, by=self.terry, reason="New version")
        self.assertEqual([each.refusal for each in moved], [""])


class DefinitionTests(PersonCase):
    def test_it_goes_out_and_in_by_names(self) -> None:
        exported = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["company_roles"], [{"name": "Approvers"}])
        self.assertEqual(import_bundle(document=exported, user=None), self.workflow)

    def test_the_role_may_be_renamed_and_not_deleted(self) -> None:
        self.role.name = "Bosses"
        self.role.save()
        exported: Any = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["workflow"]["fields"][1]["role"], "Bosses")
        self.assertTrue(self.form(approver=WALT).is_valid())
        self.assertIn("Purchase (v1)", uses_of_role(self.role))
        with self.assertRaises(RoleInUseError):
            delete_company_role(role=self.role)
        rules = [rule for row in field_table(self.workflow.fields).rows for rule in row.rules]
        self.assertIn("Of the company role: Bosses", rules)

    def test_a_role_must_be_listed_and_have_members(self) -> None:
        unlisted = {**document(), "company_roles": []}
        self.assertIn("company roles of this bundle", problems_here(unlisted)[0].message)
        self.assertEqual(problems_here(document(role=7))[0].path[-1], "role")
        self.role.members.clear()
        (problem,) = problems_here(document())
        self.assertFalse(problem.is_error)
        (problem,) = problems_here(document(), is_published=True)
        self.assertTrue(problem.is_error)

    def test_defaults_and_presets_name_people_of_the_company(self) -> None:
        self.assertEqual(problems_here(document(default=WALT)), [])
        for default in (CHARLIE, email_of("uma"), "nobody@acme.example", "Walt Wood", 5):
            with self.subTest(default=default):
                (problem,) = problems_here(document(default=default))
                self.assertEqual(problem.path, ("workflow", "fields", 1, "default"))
        types = [{"key": "purchase", "title": "P", "presets": {"approver": CHARLIE}}]
        (problem,) = problems_here({**document(), "ticket_types": types})
        self.assertEqual(problem.path, ("ticket_types", 0, "presets", "approver"))
        with self.assertRaises(PresetsRefusedError):
            add_ticket_type(
                workflow=self.workflow, key="spy", title="Spy", presets={"approver": CHARLIE},
                user=self.carla,
            )  # fmt: skip

    def test_a_preset_is_kept_as_the_person_of_that_moment(self) -> None:
        definition = add_ticket_type(
            workflow=self.workflow, key="quick", title="Quick", presets={"approver": WALT},
            user=self.carla,
        )  # fmt: skip
        ticket = submit_ticket(definition=definition, data={"what": "Desk"}, user=self.uma)
        self.assertEqual(ticket.data, {"what": "Desk", "approver": snapshot(self.walt)})
        form = AnswersForm(self.workflow.fields, presets=definition.presets)
        self.assertEqual([each.text for each in form.already_set], ["Walt Wood"])
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        with self.assertRaises(InvalidDataError) as raised:
            submit_ticket(definition=definition, data={"what": "Desk"}, user=self.uma)
        self.assertIn("ticket type", raised.exception.problems[0].message)

    def test_test_cases_name_people_by_address(self) -> None:
        draft = new_draft(workflow=self.workflow, user=self.carla)
        case = add_test_case(
            workflow=draft, name="By Walt", ticket_type="purchase",
            ticket={"what": "Desk", "approver": snapshot(self.walt)}, submitter={}, answers=[],
        )  # fmt: skip
        self.assertEqual(case["ticket"], {"what": "Desk", "approver": WALT})
        draft.refresh_from_db()
        (result,) = run_test_cases(workflow=draft)
        self.assertTrue(result.has_passed, result.reason)
        self.assertEqual(result.found and result.found.path, ("order",))
        tests: list[Any] = [{**case, "ticket": {"approver": CHARLIE}}]
        (problem,) = problems_here({**document(), "tests": tests})
        self.assertEqual(problem.path, ("tests", 0, "ticket", "approver"))

    def test_conditions_read_the_parts_of_a_person_alone(self) -> None:
        def problems(condition: object) -> list[str]:
            made: Any = document()
            made["transitions"][0]["condition"] = condition
            return [each.message for each in problems_here(made)]

        self.assertEqual(problems(IS_WALT), [])
        self.assertIn("email, name", problems({"==": [{"var": "ticket.approver.mail"}, "x"]})[0])
        self.assertIn("a person", problems({"==": [{"var": "ticket.approver"}, WALT]})[0])
        self.assertIn("a number", problems({"==": [{"var": "ticket.approver.name"}, 5]})[0])
