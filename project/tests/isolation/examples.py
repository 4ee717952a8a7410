"""An object of Acme's for each registered model, a value for each argument of an address."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils import timezone

from project.tests.pages import Page
from tenants.audit.models import AuditEvent
from tenants.audit.record import record
from tenants.encryption import encrypt
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.mail.outbox import queue_mail
from tenants.models import Company, CompanyExport, CompanyRestore, User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase, outside
from tickets.conversation.write_message import write_message
from tickets.files.keep_file import keep_file
from tickets.models import (
    BulkChange,
    BulkRetry,
    CannedReply,
    ErrorType,
    FileUpload,
    Message,
    MyTask,
    MyTicket,
    Notice,
    RecurringStart,
    SavedView,
    StartRun,
    Ticket,
    TicketError,
    Visibility,
    Webhook,
    WebhookDelivery,
)
from tickets.repairing.pages.all_repairs import VERBS
from tickets.saving.save_answers import save_task_answers, save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from workflows.actions.signature import make_secret
from workflows.models import (
    CompanyRole,
    Contact,
    DescribedProcess,
    ImportRun,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.people.own_people import PERSON_CHANGED
from workflows.people.service_accounts import add_account

# In every text of Acme's that the examples hold; pages that repeat what was searched for
# repeat only its beginning.
MARK, SEARCH = "Zyxomma", "Zyxom"
OBJECT = {"object_id", "id", "pk"}


class Examples:
    """An object of Acme's for each registered model, a value for each argument."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.account = add_account(
            name=f"{MARK} robot",
            roles=[SystemRole.USER],
            company_roles=(),
            by=user,
            now=timezone.now(),
        )
        self.role = CompanyRole.objects.create(name=f"{MARK} role", description=f"{MARK} people")
        self.role.members.add(user)
        self.draft = self._workflow("zyxomma_draft", version=1)
        self.workflow = self._workflow("zyxomma", version=1)
        self.workflow.publish(by=user)
        self.workflow.save()
        self.task_definition = self.workflow.tasks.get()
        self.ticket_type = TicketDefinition.objects.create(
            key="zyxomma",
            title=f"{MARK} type",
            description=f"{MARK} what it is for",
            workflow=self.workflow,
            is_active=True,
            created_by=user,
        )
        self.ticket_type.roles_with_access.add(self.role)
        self.ticket_type.starts = [
            {
                "key": "weekly",
                "title": f"{MARK} start",
                "rule": "FREQ=WEEKLY;BYDAY=MO",
                "at": "08:00",
            }
        ]
        self.ticket_type.save()
        start = RecurringStart.objects.create(type_key=self.ticket_type.key, key="weekly")
        StartRun.objects.create(
            start=start, moment=timezone.now(), begun_at=timezone.now(), error=f"{MARK} wrong"
        )
        self.file = keep_file(
            file=SimpleUploadedFile(f"{MARK}.txt", MARK.encode(), "text/plain"), user=user
        )
        with CompanyTestCase.captureOnCommitCallbacks(execute=True):
            self.ticket = submit_ticket(
                definition=self.ticket_type,
                data={"note": f"{MARK} note", "attachment": self.file},
                user=user,
                title=f"{MARK} ticket",
            )
        self.ticket.refresh_from_db()
        self.task = TaskInstance.objects.get(workflow_instance=self.ticket.workflow_instance)
        self.message = write_message(
            ticket=self.ticket,
            user=user,
            text=f"{MARK} message",
            visibility=Visibility.INTERNAL,
            token=MARK,
            now=timezone.now(),
        ).message
        self.error = TicketError.objects.create(
            ticket=self.ticket,
            task=self.task,
            error_type=ErrorType.TASK_UPDATE,
            message=f"{MARK} went wrong",
            stack_trace=f"{MARK} trace",
        )
        self.bulk_retry = BulkRetry.objects.create(
            error_ids=[self.error.pk],
            total=1,
            done=1,
            refused=[{"error": self.error.pk, "message": f"{MARK} refused"}],
            reason=f"{MARK} reason",
            created_by=user,
        )
        self.bulk_change = BulkChange.objects.create(
            verb="hold",
            ticket_ids=[self.ticket.pk],
            total=1,
            done=1,
            refused=[{"ticket": self.ticket.pk, "message": f"{MARK} refused"}],
            reason=f"{MARK} reason",
            created_by=user,
        )
        self.saved_view = SavedView.objects.create(
            of="ALL_TICKETS", name=f"{MARK} view", query="o=1", owner=user
        )
        self.canned_reply = CannedReply.objects.create(name=f"{MARK} reply", text=f"{MARK} hello")
        self.webhook = Webhook.objects.create(
            title=f"{MARK} webhook",
            url=f"https://example.com/{MARK}",
            events=["ticket.completed"],
            encrypted=encrypt(make_secret()),
            created_by=user,
            created_at=timezone.now(),
        )
        self.webhook_delivery = self.webhook.deliveries.create(
            event="ticket.completed",
            ticket_number=self.ticket.pk,
            happened_at=timezone.now(),
            state="GIVEN_UP",
            body=f'{{"type": "{MARK}"}}',
            answer=f"{MARK} answered",
            error=f"{MARK} failed",
        )
        email = f"{MARK.lower()}@outside.example"
        self.contact = Contact.objects.create(email=email, name=f"{MARK} outside")
        self.saved = save_ticket_answers(
            definition=self.ticket_type,
            slot="0" * 32,
            answers={"note": f"{MARK} begun"},
            user=user,
            title=f"{MARK} begun",
        )
        save_task_answers(task=self.task, answers={"ok": True}, user=user)
        self.import_run = ImportRun.objects.create(
            filename=f"{MARK}.xlsx", content=MARK.encode(), created_by=user
        )
        self.described = DescribedProcess.objects.create(
            text=f"{MARK} described", model="test", status="DRAFTED", created_by=user
        )
        record(PERSON_CHANGED, about=user, changes={"last_name": ("Before", MARK)})
        assert user.company is not None
        self.company_export = CompanyExport.objects.create(
            company=user.company,
            asked_by=f"{MARK} asked",
            status="DELETED",
            created_at=timezone.now(),
        )
        with outside():
            self.company_restore = CompanyRestore.objects.create(
                name=f"{MARK} restored",
                schema_name="zyxomma_restored",
                asked_by=f"{MARK} asked",
                status="FAILED",
                failure=f"{MARK} failed",
                created_at=timezone.now(),
            )
        queue_mail(to=user, kind="test", subject=f"{MARK} mail", text=MARK)
        self.mail = OutgoingMail.objects.latest("pk")
        OutgoingMail.objects.filter(pk=self.mail.pk).update(status="FAILED", reason=f"{MARK} said")
        self.received = ReceivedMail.objects.create(
            digest="0" * 64, refusal="EMPTY", sender=f"{MARK}@example.com"
        )
        self.log = LogEntry.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(user.pk),
            object_repr=f"{MARK} log",
            action_flag=CHANGE,
            change_message=f"{MARK} changed",
        )

    def _workflow(self, key: str, *, version: int) -> WorkflowDefinition:
        fields = [
            {"name": "note", "type": "text", "label": f"{MARK} note", "required": True},
            {"name": "attachment", "type": "file", "label": f"{MARK} file"},
        ]
        workflow = WorkflowDefinition.objects.create(
            key=key,
            version=version,
            title=f"{MARK} workflow",
            description=f"{MARK} described",
            fields=fields,
            created_by=self.user,
        )
        task = TaskDefinition.objects.create(
            workflow=workflow,
            key="check",
            title=f"{MARK} task",
            description=f"{MARK} to do",
            fields=[{"name": "ok", "type": "boolean", "label": f"{MARK} ok", "required": True}],
            candidate_role=self.role,
        )
        Transition.objects.create(workflow=workflow, to_task=task, label=f"{MARK} in")
        Transition.objects.create(workflow=workflow, from_task=task, label=f"{MARK} out")
        return workflow

    @cached_property
    def objects(self) -> dict[type[Model], list[Model]]:
        """By registered model. Several where pages differ by what they show."""
        upload = FileUpload.objects.get(uuid=str(self.file["upload"]))
        return {
            Company: [self.user.company] if self.user.company else [],
            User: [self.user],
            CompanyRole: [self.role],
            WorkflowDefinition: [self.workflow, self.draft],
            TaskDefinition: [self.task_definition],
            Transition: [self.workflow.transitions.all()[0]],
            TicketDefinition: [self.ticket_type],
            Ticket: [self.ticket],
            MyTicket: [self.ticket],
            TaskInstance: [self.task],
            MyTask: [self.task],
            WorkflowInstance: [self.task.workflow_instance],
            WorkflowEvent: list(WorkflowEvent.objects.all()[:1]),
            TicketError: [self.error],
            FileUpload: [upload],
            Message: [self.message],
            SavedView: [self.saved_view],
            CannedReply: [self.canned_reply],
            Webhook: [self.webhook],
            WebhookDelivery: [self.webhook_delivery],
            Contact: [self.contact],
            LogEntry: [self.log],
            OutgoingMail: [self.mail],
            ReceivedMail: [self.received],
            AuditEvent: list(AuditEvent.objects.filter(subject_name__contains=MARK)[:1]),
        }

    @cached_property
    def arguments(self) -> dict[str, list[object]]:
        """Values of arguments by their names, for pages whose address names something else."""
        return {
            "uuid": [self.file["upload"], self.task.uuid],
            "key": [self.file["upload"]],
            "account_id": [self.account.pk],
            "task_id": [self.task.pk],
            "ticket_id": [self.ticket.pk],
            "retry_id": [self.bulk_retry.pk],
            "change_id": [self.bulk_change.pk],
            "run_id": [self.import_run.pk],
            "described_id": [self.described.pk],
            "saved_id": [self.saved.pk],
            "notice_id": list(Notice.objects.values_list("pk", flat=True)[:2]),
            "code": ["nobody-has-it"],
            "start_key": ["weekly"],
            "export_id": [self.company_export.pk],
            "restore_id": [self.company_restore.pk],
            "process": ["purchase_request"],
            "url": ["nowhere/"],
            "rest": [f"{self.ticket_type.pk}/change/"],
            "app_label": [*{model._meta.app_label for model in admin.site._registry}],
        }

    @cached_property
    def by_page(self) -> dict[str, list[dict[str, object]]]:
        """All arguments of single pages, by the page's name."""
        repairs = self.repairs()
        return {
            "admin:tickets_ticket_repair": repairs,
            "admin:tickets_ticket_repair_visible": repairs,
            "enter_company": [{"pk": self.user.company_id}],
            "callback": [{"token": "forged:by-nobody"}],
            "api": [{"rest": f"tickets/{self.ticket.pk}"}],
            "described": [{"text": "format"}],
            "way_in": [{"token": "forged:by-nobody"}],
            "way_in_answer": [{"token": "forged:by-nobody"}],
            "one_time_link": [{"token": "forged:by-nobody"}],
            "stop_mail": [{"token": "forged:by-nobody"}],
            "rate_ticket": [{"token": "forged:by-nobody"}],
            "outside_form": [{"token": "forged:by-nobody"}],
            "outside_form_visible": [{"token": "forged:by-nobody"}],
            "public_start": [{"token": "forged:by-nobody"}],
            "public_start_visible": [{"token": "forged:by-nobody"}],
            "confirm_start": [{"token": "forged:by-nobody"}],
            "invitation": [{"token": "forged:by-nobody"}],
            "new_address": [{"token": "forged:by-nobody"}],
            "sign_up_by_mail": [{"token": "forged:by-nobody"}],
            "invited_sign_up": [{"token": "forged:by-nobody"}],
            "admin:account_picture": [{"person_id": self.user.pk, "version": "0" * 32}],
            "admin:view_on_site": [
                {
                    "content_type_id": ContentType.objects.get_for_model(model).pk,
                    "object_id": thing.pk,
                }
                for model, things in self.objects.items()
                for thing in things
            ],
        }

    def repairs(self) -> list[dict[str, object]]:
        subjects = {"retry": self.error.pk, "data": 0, "hold": 0, "resume": 0, "cancel": 0}
        return [
            {
                "ticket_id": self.ticket.pk,
                "verb": verb,
                "subject_id": subjects.get(verb, self.task.pk),
            }
            for verb in VERBS
        ]

    def for_page(self, page: Page) -> list[dict[str, object]]:
        """The values to ask a page with; none: it has no arguments."""
        if page.name in self.by_page:
            return self.by_page[page.name]
        choices: list[list[object]] = []
        for argument in page.arguments:
            if page.model is not None and argument in OBJECT:
                choices.append([quote(thing.pk) for thing in self.objects[page.model]])
            elif argument in self.arguments:
                choices.append(self.arguments[argument])
            else:
                raise AssertionError(
                    f"{page} has the argument {argument!r}, for which there is no example. Add "
                    "one to Examples.arguments or by_page() in project/tests/isolation/examples.py."
                )
        return [
            dict(zip(page.arguments, values, strict=True)) for values in itertools.product(*choices)
        ]

    def queries(self, page: Page) -> list[str]:
        """What to append to an address without arguments."""
        if page.name == "admin:autocomplete":
            return [f"?{urlencode(values)}" for values in _autocompletes()]
        ids: dict[str, object] = {
            "definition": self.ticket_type.pk,
            "workflow": self.workflow.pk,
            "ticket": self.ticket.pk,
            "task": self.task.pk,
            "role": self.role.pk,
        }
        if page.name.endswith("_changelist"):
            # A list turns away what it does not know: one at a time.
            asked = [("q", SEARCH), *ids.items()]
            return ["", *(f"?{urlencode({name: value})}" for name, value in asked)]
        search = {"q": SEARCH, "s": SEARCH, "term": SEARCH, "extended": 1}
        return ["", f"?{urlencode(search)}", f"?{urlencode(ids)}"]


def _autocompletes() -> Iterator[dict[str, str]]:
    for model in admin.site._registry:
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if field.remote_field is not None:
                yield {
                    "app_label": model._meta.app_label,
                    "model_name": str(model._meta.model_name),
                    "field_name": field.name,
                    "term": SEARCH,
                }
