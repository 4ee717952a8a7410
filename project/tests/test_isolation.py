"""No company sees another's data, and nobody the screens of a role that they do not have.

The pages are read from the URL configuration, so a new one is covered the day it appears.
When one of these tests asks for an example, add it to `Examples`: an object of Acme's for
each registered model, a value for each argument of an address.

Every run asks every address as somebody of another company, as a visitor, as each role and as a
superuser, and sends every form. What a long run adds are combinations, of which the comments tell.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from project.tests.pages import HtmlForm, Page, all_pages, forms_of
from tenants.audit.models import AuditEvent
from tenants.audit.record import record
from tenants.encryption import encrypt
from tenants.logging_in.second_factor import SESSION_KEY as SECOND_FACTOR
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.mail.outbox import queue_mail
from tenants.models import Company, CompanyExport, CompanyRestore, User
from tenants.pages import page as pages
from tenants.pages.page import ObjectPage
from tenants.pages.tests.page_case import page_beneath
from tenants.roles import ROLE_PERMISSIONS, SystemRole
from tenants.services import create_person
from tenants.testing import PASSWORD, CompanyClient, CompanyTestCase, outside
from tenants.testing_tools.examples import is_long_run
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

# The pages for people who are not logged in. Every other one must lead to the log-in.
FOR_VISITORS = {
    "landing",
    "accessibility",
    "sign_up",
    "one_time_link",
    "stop_mail",
    "rate_ticket",
    "outside_form",
    "outside_form_visible",
    "public_start",
    "public_start_visible",
    "confirm_start",
    "invitation",
    "new_address",
    "sign_up_by_mail",
    "invited_sign_up",
    "forgotten_password",
    "admin:login",
    "admin:second_factor",
    "admin:passkey_log_in",
    "admin:company_log_in",
    "admin:company_log_in_at",
    "admin:company_log_in_back",
    "demo_accounting",  # answers other systems, and keeps nothing
    "layout_frame",  # an empty page, the same for everybody
    "api",  # it knows tokens alone: project/tests/test_api.py asks every operation as others
    "api_document",  # the same for everybody
    "api_reference",
    "callback",  # likewise: the address that it is asked at is signed
    "way_in",  # likewise, and so is what is sent
    "way_in_answer",
    "health",
    "ready",
    "metrics",
    "mcp",  # its token lets in: project/tests/test_assistants_isolation.py
    "mcp_metadata",  # these four say the same to everybody
    "llms_txt",
    "described",
    "bundle_schema",
}
# Who sees the ticket sees its files; no role is given them of themselves.
# They have no page of their own: views stand above the lists.
SHOWN_BY_OTHERS: set[type[Model]] = {SavedView}
FOLLOWS_ITS_TICKET: set[type[Model] | None] = {FileUpload, Message, SavedView}
# Pages at one model's address that show another one's objects, and are guarded like those.
SHOWS: dict[str, type[Model]] = {"admin:workflows_workflowdefinition_move_tickets": Ticket}
# Pages at one's own tickets for who submits in the place of others: ticket admins and task workers.
# tickets/submitting/tests/test_submit_for.py looks at who may.
FOR_OTHERS = {"admin:tickets_myticket_submit_for", "admin:tickets_myticket_types_for"}
# Permissions to do something, not to see or change a model: `check_permissions` looks at them.
OF_THEIR_OWN = {"tenants.manage_company_data", "tickets.view_report"}
# Our pages that say by themselves who may use them: they declare no permissions.
DECIDE_THEMSELVES = {
    "landing",
    "accessibility",
    "sign_up",
    "one_time_link",  # whoever has it: it is signed, and good for once
    "invitation",  # likewise
    "sign_up_by_mail",  # likewise
    "invited_sign_up",  # likewise
    "new_address",  # likewise
    "admin:account_address",  # one's own
    "admin:account_profile",
    "admin:account_picture",
    "forgotten_password",
    "enter_company",
    "leave_company",
    "admin:account_second_factor",  # likewise
    "admin:second_factor",  # whoever has given the right password
    "admin:account_company_log_in",  # one's own
    "admin:passkey_log_in",  # for visitors, as those that follow
    "admin:company_log_in",
    "admin:company_log_in_at",
    "admin:company_log_in_back",  # the session says who has begun
    "admin:account_sessions",  # one's own, whoever it is
    "admin:account_tokens",  # likewise
    "admin:account_token_new",
    "stop_mail",  # whoever has the address: it is signed
    "rate_ticket",  # likewise
    "outside_form",  # likewise
    "outside_form_visible",  # likewise
    "public_start",  # likewise
    "public_start_visible",  # likewise
    "confirm_start",  # likewise
    "admin:notices",  # one's own, as those that follow
    "admin:notices_bell",
    "admin:notice",
    "admin:notice_preferences",
    "admin:tickets_fileupload_download",
    "admin:tickets_fileupload_inline",  # whoever may have the file, as those that follow
    "admin:tickets_fileupload_file",
    "admin:tickets_fileupload_compare",
    "admin:tickets_fileupload_upload",  # whoever may use a form with files
    "admin:tickets_message_conversation",  # who takes part in the ticket, as of all its messages
    "admin:tickets_message_names",
    "admin:tickets_message_replies",
    "admin:tickets_message_follow",
    "admin:tickets_message_edit",
    "admin:tickets_message_go_on",
    "admin:tickets_message_hide",
    "admin:tickets_message_show",
    "admin:tickets_ticket_priority",
    "admin:tickets_savedview_save",  # whoever sees the list
    "admin:tickets_savedview_delete",
    "admin:tickets_savedview_edit",
    "admin:tickets_message_earlier",
    "admin:tickets_message_link",
    "admin:tickets_message_unlink",
    "admin:tickets_message_duplicate",
    "admin:tickets_myticket_add",  # for oneself or for others
    "admin:tickets_myticket_visible",  # likewise
    *FOR_OTHERS,
    "admin:workflows_workflowdefinition_people",  # asked by forms: its address is signed
}
# Views of ours that are no pages: what they answer is not for people, and not about anybody.
NO_PAGES = {
    "health",
    "ready",
    "metrics",
    "callback",
    "demo_accounting",
    "mail_in",
    "way_in",
    "way_in_answer",
    "layout_frame",
    "mcp",
    "mcp_metadata",
    "llms_txt",
    "described",
    "bundle_schema",
    "api",
    "api_document",
    "api_reference",
}
OURS = ("project", "tenants", "workflows", "tickets")
# Arguments that name no object of a company.
NO_OBJECT = {"app_label", "url", "process", "code", "text"}
OBJECT = {"object_id", "id", "pk"}
GARBAGE = ("0", "abc", "99999999999999999999", "%00")
QUERIES = (
    "definition=abc&workflow=abc&ticket=abc&task=abc&role=abc&company_role=abc",
    "definition=99999999999999999999&workflow=99999999999999999999",
    "company_role=99999999999999999999&is_active__exact=maybe&status=abc",
    "o=999&p=abc&q=%00",
    "p=99999999999999999999&o=abc.-1",
    "id__in=abc&password__startswith=p",
)


START = "/app/"
# What whoever knows no form of a page could send there.
SAVE = {"post": "yes", "form_submit": "1", "_save": "1"}
MESSAGES = "messages"  # the name of the cookie
MOST_REDIRECTS = 10


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
                    "one to Examples.arguments or by_page() in project/tests/test_isolation.py."
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


class IsolationTestCase(CompanyTestCase):
    """Amy of Acme has every role and is in everything; Charlie of Globex has every role."""

    SECONDS_EACH = 10.0
    amy: ClassVar[User]
    examples: ClassVar[Examples]
    _media: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls._media = tempfile.mkdtemp()
        cls.enterClassContext(override_settings(MEDIA_ROOT=Path(cls._media)))
        cls.addClassCleanup(shutil.rmtree, cls._media, ignore_errors=True)
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.acme.name = f"Acme {MARK}"
        cls.acme.save()
        User.objects.of_company(cls.acme).update(last_name=MARK)
        cls.amy = create_person(
            company=cls.acme,
            email=f"amy@{MARK.lower()}.example",
            password=PASSWORD,
            first_name="Amy",
            last_name=MARK,
            roles=SystemRole,
        )
        cls.examples = Examples(cls.amy)

    def setUp(self) -> None:
        super().setUp()
        self.client = CompanyClient(raise_request_exception=False)
        self._seen: dict[str, dict[str, Answer]] = {}

    def log_in(self, user: User) -> None:
        """As with a second factor: one of the forms demands it, and more are sent after it."""
        super().log_in(user)
        session = self.client.session
        session[SECOND_FACTOR] = True
        session.save()

    def addresses(self, *, queries: bool = True) -> Iterator[tuple[Page, str]]:
        """Every address there is, with Acme's ids in it."""
        for page in all_pages():
            values = self.examples.for_page(page)
            for given in values:
                path = page.path(**given)
                for query in self.examples.queries(page) if queries and not given else [""]:
                    yield page, path + query

    def get(self, address: str) -> Answer:
        """What somebody gets and where they are led; a page that breaks takes nothing with it."""
        return self._answer(self.client.get, address)

    def post(self, address: str, values: dict[str, Any]) -> Answer:
        return self._answer(self.client.post, address, values)

    def _answer(self, send: Callable[..., Any], *arguments: Any) -> Answer:
        with transaction.atomic():
            answer = Answer.of(send(*arguments))
            if answer.is_broken:
                transaction.set_rollback(True)
        for _time in range(MOST_REDIRECTS):
            if not answer.leads_to:
                return answer
            self.client.cookies.pop(MESSAGES, None)  # this answer has them
            answer = answer.then(self._page_that_is_led_to(answer.leads_to))
        raise AssertionError(f"{arguments[0]} leads round in a circle.")

    def _page_that_is_led_to(self, address: str) -> Answer:
        """Many addresses lead to the same page: whoever is logged in sees it once.

        What such a page would show of the address before, its messages, is in the answer there.
        """
        seen = self._seen.setdefault(self._who(), {})
        path = urlsplit(address).path
        page = path if path == reverse("admin:login") else address  # whatever it leads to then
        if page not in seen:
            with transaction.atomic():
                seen[page] = Answer.of(self.client.get(address))
                if seen[page].is_broken:
                    transaction.set_rollback(True)
        return seen[page]

    def _who(self) -> str:
        """A session: another one begins with each log-in, and inside a company."""
        cookie = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        return cookie.value if cookie else ""


@dataclass(frozen=True)
class Answer:
    """Of a request, and of those that it has led to."""

    status_code: int
    text: str
    path: str
    broke: str = ""
    leads_to: str = ""
    is_html: bool = False
    is_redirected: bool = False

    @classmethod
    def of(cls, response: Any) -> Answer:
        status = response.status_code
        path = response.request["PATH_INFO"]
        leads_to = urljoin(path, response.headers["Location"]) if 300 <= status < 400 else ""
        is_elsewhere = urlsplit(leads_to).netloc not in ("", "testserver")
        broke = ""
        if response.exc_info:
            kind, error, _trace = response.exc_info
            broke = f"{kind.__name__}: {error}"
        said = [str(each) for each in get_messages(response.wsgi_request)]
        return cls(
            status_code=status,
            text="\n".join([bytes(response.getvalue()).decode(errors="replace"), *said]),
            path=path,
            broke=broke,
            leads_to="" if is_elsewhere else leads_to,
            is_html="html" in response.headers.get("Content-Type", ""),
        )

    def then(self, page: Answer) -> Answer:
        """The page that this one leads to, with what is said on it because of this one."""
        text = f"{self.leads_to}\n{self.text}\n{page.text}"
        return replace(page, text=text, is_redirected=True)

    @property
    def is_html_page(self) -> bool:
        return self.is_html and self.status_code == 200 and not self.is_redirected

    @property
    def is_broken(self) -> bool:
        """A view that raised; 503 is what a page that shows the server's state may answer."""
        return bool(self.broke) or (self.status_code >= 500 and self.status_code != 503)

    def __str__(self) -> str:
        """The status, and of a page that broke, how."""
        return f"{self.status_code} {self.broke}".rstrip()


def names_an_object(page: Page) -> bool:
    return bool(set(page.arguments) - NO_OBJECT)


class ExamplesTests(IsolationTestCase):
    """The other tests prove something only if there is something to see."""

    def test_every_registered_model_has_an_example(self) -> None:
        objects = self.examples.objects
        missing = [m._meta.label for m in admin.site._registry if not objects.get(m)]
        self.assertEqual(
            missing, [], "Add an object of Acme's to Examples.objects in test_isolation.py."
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


class NewPage(ObjectPage):
    """As somebody would write it who thinks of one company only."""

    permissions = ("workflows.view_companyrole",)

    def find(self, **arguments: Any) -> None:
        """Looked up past the screen."""

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return HttpResponse(f"{MARK} people")


class NewPageTests(IsolationTestCase):
    """A page is covered the day it appears, and cannot do without saying who may use it."""

    def new_page(self, kind: type[pages.Page] = NewPage) -> AbstractContextManager[None]:
        address = "<int:object_id>/new-page/"
        return page_beneath(CompanyRole, address, kind, name="workflows_companyrole_new_page")

    def test_it_is_found_with_an_example(self) -> None:
        with self.new_page():
            found = [each for each in self.addresses(queries=False) if each[0].kind is NewPage]
        ((page, address),) = found
        self.assertEqual(page.name, "admin:workflows_companyrole_new_page")
        self.assertIs(page.model, CompanyRole)
        self.assertTrue(address.endswith(f"/{self.examples.role.pk}/new-page/"), address)

    def test_one_that_leaks_is_told(self) -> None:
        test = AnotherCompanyTests("test_charlie_sees_nothing_of_acme")
        with self.new_page():
            self.log_in(self.charlie)
            page = next(each for each in all_pages() if each.kind is NewPage)
            (values,) = self.examples.for_page(page)
            with self.assertRaisesRegex(AssertionError, MARK.lower()):
                test.check_page(page, self.get(page.path(**values)))

    def test_without_permissions_it_does_not_come_into_being(self) -> None:
        careless = type("CarelessPage", (pages.Page,), {"get": NewPage.get})
        with self.assertRaisesMessage(ImproperlyConfigured, "CarelessPage does not say who"):
            self.enterContext(self.new_page(careless))

    def test_our_pages_are_pages(self) -> None:
        """Of the one base class; lists and forms of a model are those of Django's admin."""
        for page in all_pages():
            with self.subTest(str(page)):
                self.assertTrue(
                    page.kind is not None or page.name in NO_PAGES or not is_a_page_of_ours(page),
                    "Make it a tenants.pages.page.Page, in a file of its own.",
                )

    def test_views_of_other_styles_are_told(self) -> None:
        class OldAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
            def own_view(self, request: HttpRequest) -> HttpResponse:
                return HttpResponse()

        screen = OldAdmin(CompanyRole, admin.site)
        for view, is_ours in (
            (screen.own_view, True),
            (page_of_a_function, True),
            (screen.changelist_view, False),
        ):
            with self.subTest(view):
                guarded = admin.site.admin_view(view)
                page = Page(template="/app/old/", name="old", callback=guarded, model=None)
                self.assertEqual(is_a_page_of_ours(page), is_ours)

    def test_few_decide_by_themselves_who_may_use_them(self) -> None:
        undeclared = {page.name for page in all_pages() if page.kind and not page.kind.permissions}
        self.assertEqual(undeclared, DECIDE_THEMSELVES)


def page_of_a_function(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def is_a_page_of_ours(page: Page) -> bool:
    """Whether its view was written here; what only widens one of a library's was not."""
    owner = getattr(page.view, "__self__", None)
    if owner is None:
        return page.view.__module__.partition(".")[0] in OURS
    name = page.view.__name__
    libraries = [
        each for each in type(owner).__mro__ if each.__module__.partition(".")[0] not in OURS
    ]
    return not any(name in vars(each) for each in libraries)


@tag("companies")
class AnotherCompanyTests(IsolationTestCase):
    SECONDS_EACH = 30.0

    def test_charlie_sees_nothing_of_acme(self) -> None:
        """No text of Acme's anywhere, and no page for an object of Acme's.

        A redirect may lead to a list or the start page, never to an object's page.
        """
        self.log_in(self.charlie)
        places = {page.template for page in all_pages() if not page.arguments}
        for page, address in self.addresses():
            with self.subTest(address):
                answer = self.get(address)
                self.check_page(page, answer)
                if names_an_object(page) and answer.status_code not in (401, 403, 404, 405):
                    self.assertTrue(answer.is_redirected)
                    self.assertIn(answer.path, places)

    def check_page(self, page: Page, answer: Answer) -> None:
        self.assertFalse(answer.is_broken, str(answer))
        self.assertNotIn(MARK.lower(), answer.text.lower())

    def test_charlies_posts_change_nothing_in_acme(self) -> None:
        forms = self.forms_of_acme()
        self.assertGreater(len(forms), 10)
        before = snapshot(self.acme)
        self.log_in(self.charlie)
        for address, values in forms:
            with self.subTest(address):
                answer = self.post(address, values)
                self.assertFalse(answer.is_broken, str(answer))
                self.assertNotIn(MARK.lower(), answer.text.lower().replace(TAKEN.lower(), ""))
        self.assertEqual(changes(before, snapshot(self.acme)), [])

    def test_the_same_posts_by_amy_change_acme(self) -> None:
        """Else the test above would prove nothing.

        A long run sends all of them, and none may break.
        """
        forms = [each for each in self.forms_of_acme() if each[1] not in ({}, SAVE)]
        if not is_long_run():
            forms = [each for each in forms if each[0].startswith(TRIED_BY_AMY)]
        before = snapshot(self.acme)
        self.log_in(self.amy)
        for address, values in forms:
            with self.subTest(address):
                answer = self.post(address, values)
                self.assertFalse(answer.is_broken, str(answer))
                if self.client.session.get("_auth_user_id") is None:
                    self.log_in(self.amy)  # one of the forms logs out
        changed = changes(before, snapshot(self.acme))
        for table in ("acme.workflows_companyrole", "acme.tickets_ticket", "public.tenants_user"):
            self.assertIn(table, changed)

    def test_acmes_own_people_see_the_marks(self) -> None:
        """On the list of every model, if it has one, and on a page of every object."""
        seen: dict[type[Model], set[bool]] = {}
        for page, address, answer in self.pages_of_amy():
            if page.model is None or page.model is Company:
                continue
            shown = seen.setdefault(page.model, set())
            if answer.status_code == 200 and not answer.is_redirected and MARK in answer.text:
                shown.add(names_an_object(page))
            elif page.name.endswith("_changelist"):
                self.fail(f"{address} does not show Acme's {page.model._meta.verbose_name_plural}.")
        for model in seen.keys() - SHOWN_BY_OTHERS:
            self.assertIn(True, seen[model], f"No page of {model._meta.label} shows its example.")

    _pages: ClassVar[list[tuple[Page, str, Answer]]] = []
    _forms: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cls._pages.clear()
        cls._forms.clear()

    def pages_of_amy(self) -> list[tuple[Page, str, Answer]]:
        """Every address without a query, as the first test that asks has got it."""
        if not self._pages:
            self._pages.extend(self.walk(self.amy, self.addresses(queries=False)))
        return self._pages

    def forms_of_acme(self) -> list[tuple[str, dict[str, Any]]]:
        """As found by the first test that asks."""
        if not self._forms:
            self._forms.extend(self.find_forms())
        return self._forms

    def walk(
        self, person: User, addresses: Iterable[tuple[Page, str]]
    ) -> Iterator[tuple[Page, str, Answer]]:
        """What Amy, or a superuser inside Acme, gets. None of these pages may break."""
        self.log_in(person)
        if person.is_superuser:
            self.enter(self.acme)
        for page, address in addresses:
            answer = self.get(address)
            with self.subTest(address, person=person.email):
                self.assertFalse(answer.is_broken, str(answer))
            yield page, address, answer

    def answers_with_forms(self) -> Iterator[tuple[str, Answer]]:
        """Of Amy's pages and those that only a superuser inside Acme has; in a long run of all.

        A superuser has no other forms there than on the pages themselves. A list has the same
        forms, whatever it is narrowed to.
        """
        pages = self.pages_of_amy()
        has_been_there = {address for _page, address, answer in pages if answer.is_html_page}
        with_query = (
            (page, address)
            for page, address in self.addresses()
            if "?" in address and (is_long_run() or not page.name.endswith("_changelist"))
        )
        of_superusers = (
            (page, address)
            for page, address in self.addresses(queries=False)
            if is_long_run() or address not in has_been_there
        )
        for _page, address, answer in itertools.chain(
            pages, self.walk(self.amy, with_query), self.walk(self.root, of_superusers)
        ):
            if answer.is_html:
                yield address, answer

    def find_forms(self) -> list[tuple[str, dict[str, Any]]]:
        """What Amy and a superuser inside Acme could send, changed where it is text; and more."""
        found: dict[str, list[dict[str, Any]]] = {}
        for address, answer in self.answers_with_forms():
            for form in forms_of(answer.text, address=address):
                if form.method == "post" and form.action != reverse("admin:logout"):
                    found.setdefault(form.action, []).append(taken_over(form))
        sent = [
            (address, values)
            for address, many in found.items()
            for values in list({str(v): v for v in many}.values())[:3]
        ]
        # With nothing of Acme's in the address nor in the values, once is enough.
        sent += [
            (address, {})
            for page, address in self.addresses(queries=False)
            if is_long_run() or page.arguments
        ]
        sent += [(address, SAVE) for _page, address in self.addresses(queries=False)]
        lists = {page.name for page in all_pages()}
        for model, model_admin in admin.site._registry.items():
            label = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            if label not in lists:
                continue
            chosen = [str(thing.pk) for thing in self.examples.objects[model]]
            names = {"delete_selected", *(str(name) for name in _actions(model_admin))}
            sent += [
                (reverse(label), {"action": n, "_selected_action": chosen, "post": "yes"})
                for n in sorted(names)
            ]
        return [(a, v) for a, v in sent if a.partition("?")[0] != reverse("admin:logout")]


TAKEN = "Taken over"
# Where Amy's own forms are sent in every run.
TRIED_BY_AMY = (
    "/app/workflows/companyrole/",
    "/app/tickets/",
    "/app/tenants/user/",
)


def taken_over(form: HtmlForm) -> dict[str, Any]:
    """What the form would send with other names in it; Acme's ids stay as they are."""
    values: dict[str, Any] = {}
    for name, given in form.values.items():
        if name == "csrfmiddlewaretoken":
            continue
        if name in form.texts and not any(given):
            values[name] = [TAKEN]
        else:
            values[name] = [TAKEN if MARK in value else value for value in given]
    return values


def _actions(model_admin: Any) -> list[str]:
    return [a if isinstance(a, str) else a.__name__ for a in model_admin.actions or ()]


def snapshot(company: Company) -> dict[str, str]:
    """A hash of every table of a company, and of what `public` says of it."""
    whole = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
    queries = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [company.schema_name]
        )
        for (table,) in cursor.fetchall():
            name = f"{company.schema_name}.{table}"
            queries[name] = whole.format(f'"{company.schema_name}"."{table}"')
        people = f"(SELECT id FROM tenants_user WHERE company_id = {company.pk})"
        columns = "id, email, password, first_name, last_name, company_id, is_available, is_active"
        public = {
            "public.tenants_company": f"SELECT * FROM tenants_company WHERE id = {company.pk}",
            "public.tenants_user": f"SELECT {columns}, is_staff, is_superuser FROM tenants_user"
            f" WHERE company_id = {company.pk}",
            "public.tenants_user_groups": "SELECT user_id, group_id FROM tenants_user_groups"
            f" WHERE user_id IN {people}",
            "public.tenants_user_user_permissions": "SELECT * FROM tenants_user_user_permissions"
            f" WHERE user_id IN {people}",
            "public.procrastinate_jobs": "SELECT id, args FROM procrastinate_jobs"
            f" WHERE args->>'schema' = '{company.schema_name}'",
        }
        queries |= {name: whole.format(f"({query})") for name, query in public.items()}
        hashes = {}
        for name, query in queries.items():
            cursor.execute(query)
            hashes[name] = str(cursor.fetchone()[0])
    return hashes


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


class VisitorTests(IsolationTestCase):
    def test_visitors_are_led_to_the_log_in(self) -> None:
        login = reverse("admin:login")
        for page, address in self.addresses():
            with self.subTest(address):
                answer = self.get(address)
                self.assertFalse(answer.is_broken, str(answer))
                self.assertNotIn(MARK.lower(), answer.text.lower())
                if answer.status_code == 200 and page.name not in FOR_VISITORS:
                    target = answer.path
                    self.assertTrue(target == login or target.startswith("/static/"), target)


@tag("companies")
class OneRoleTests(IsolationTestCase):
    """Derived from ROLE_PERMISSIONS: what the table does not give is refused."""

    def test_each_role_gets_its_own_screens_only(self) -> None:
        personas = {
            SystemRole.ADMIN: self.alice,
            SystemRole.TASK_WORKER: self.wendy,
            SystemRole.TICKET_ADMIN: self.terry,
            SystemRole.WORKFLOW_CREATOR: self.carla,
            SystemRole.USER: self.uma,
        }
        self.assertEqual(set(personas), set(SystemRole))
        for role, person in personas.items():
            self.log_in(person)
            for page, address in self.addresses(queries=False):
                if page.model is None or page.model in FOLLOWS_ITS_TICKET:
                    continue
                if not (is_long_run() or self.says_something(role, page)):
                    continue
                if page.name in FOR_OTHERS:
                    continue
                with self.subTest(f"{role}: {address}"):
                    answer = self.get(address)
                    self.assertFalse(answer.is_broken, str(answer))
                    self.check_page(role, page, answer)
                    self.check_permissions(role, page, answer)

    def says_something(self, role: SystemRole, page: Page) -> bool:
        """Whether it is a list, or anything that this role must not have."""
        needed = set(page.kind.permissions) if page.kind else set()
        refused = bool(needed - set(ROLE_PERMISSIONS[role]))
        return refused or page.name.endswith("_changelist") or not self.may_have(role, page)

    def check_permissions(self, role: SystemRole, page: Page, answer: Answer) -> None:
        """What a page of ours says that it needs, it needs."""
        needed = set(page.kind.permissions) if page.kind else set()
        if needed - set(ROLE_PERMISSIONS[role]):
            self.assertIn(answer.status_code, (403, 404), str(answer))
            self.assertFalse(answer.is_redirected)

    def check_page(self, role: SystemRole, page: Page, answer: Answer) -> None:
        if page.kind and OF_THEIR_OWN & set(page.kind.permissions):
            return
        if not self.may_have(role, page):
            # Django leads whoever may not see an object to the start page, as if it were gone.
            sent_away = answer.is_redirected and answer.path == START
            self.assertTrue(sent_away or answer.status_code in (403, 404, 405), str(answer))
        elif page.name.endswith("_changelist"):
            self.assertEqual(answer.status_code, 200)

    def may_have(self, role: SystemRole, page: Page) -> bool:
        """Whether the table gives the role what a page of this kind needs of its model."""
        model = SHOWS.get(page.name, page.model)
        assert model is not None
        granted = {
            permission.partition(".")[2].rpartition("_")[0]
            for permission in ROLE_PERMISSIONS[role]
            if permission.startswith(f"{model._meta.app_label}.")
            and permission.endswith(f"_{model._meta.model_name}")
        }
        kind = page.name.rpartition("_")[2]
        needed = {
            "changelist": {"view", "change"},
            "add": {"add"},
            "delete": {"delete"},
        }.get(kind, {"view", "add", "change", "delete"})
        return bool(needed & granted)


@tag("companies")
class SuperuserTests(IsolationTestCase):
    def test_nothing_breaks_outside_a_company(self) -> None:
        self.log_in(self.root)
        for page, address in self.addresses(queries=is_long_run()):
            with self.subTest(address):
                answer = self.get(address)
                self.assertFalse(answer.is_broken, str(answer))
                # The installation has a log and mails of its own.
                own = (None, Company, User, AuditEvent, OutgoingMail, ReceivedMail)
                if page.model not in own and not answer.is_redirected:
                    self.assertIn(answer.status_code, (403, 404, 405))

    def test_no_post_breaks_outside_a_company(self) -> None:
        self.log_in(self.root)
        for page, address in self.addresses(queries=False):
            if page.name in ("enter_company", "admin:logout"):
                continue
            for values in ({}, SAVE) if is_long_run() else (SAVE,):
                with self.subTest(address):
                    answer = self.post(address, values)
                    self.assertFalse(answer.is_broken, str(answer))


@tag("companies")
class GarbageTests(IsolationTestCase):
    def test_addresses_that_name_nothing_break_nothing(self) -> None:
        self.log_in(self.amy)
        for page in all_pages():
            for garbage in GARBAGE if page.arguments else ():
                address = page.path(**dict.fromkeys(page.arguments, garbage))
                with self.subTest(address):
                    answer = self.get(address)
                    self.assertFalse(answer.is_broken, str(answer))

    def test_queries_that_mean_nothing_break_nothing(self) -> None:
        self.log_in(self.amy)
        for page in all_pages():
            if page.arguments:
                continue
            is_list = page.name.endswith(("_changelist", "_export"))
            for query in QUERIES if is_list or is_long_run() else [*all_in_one(QUERIES)]:
                with self.subTest(f"{page.template}?{query}"):
                    answer = self.get(f"{page.template}?{query}")
                    self.assertFalse(answer.is_broken, str(answer))


def all_in_one(queries: Iterable[str]) -> Iterator[str]:
    """As few queries as say the same: a list turns others away, no other page does.

    Each gives a name once.
    """
    waiting = [each.split("=") for query in queries for each in query.split("&")]
    while waiting:
        now = dict(reversed(waiting))
        yield urlencode({name: unquote(value) for name, value in now.items()})
        waiting = [[name, value] for name, value in waiting if now[name] != value]
