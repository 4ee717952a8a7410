"""What anybody changes is in the audit log: each kind of event, each address that takes a POST.

The addresses are read from the URL configuration. When a test asks for a new one, say in RECORDED
which kinds of events it records, or in NOTHING_TO_RECORD why it records none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from project.tests.pages import Page, all_pages
from tenants.account.one_time_links import make_one_time_link
from tenants.account.password_again import ASKED_AT
from tenants.account.tests.passkey_device import Device
from tenants.account.tests.test_passkeys import PasskeyCase
from tenants.account.tests.test_second_factor import SecondFactorCase, code_of
from tenants.audit.kinds import declared_kinds
from tenants.audit.models import AuditEvent
from tenants.connection import company_of
from tenants.encryption import decrypt
from tenants.identity.providers import allow_people
from tenants.identity.tests.provider import CLIENT, SECRET
from tenants.identity.tests.test_company_log_in import BACK, ProviderCase
from tenants.logging_in.second_factor import new_recovery_codes
from tenants.models import IdentityProvider, Passkey, RequestCount, User
from tenants.roles import SystemRole
from tenants.testing import PASSWORD, CompanyTestCase, outside, request_as
from tickets.files.keep_file import keep_file
from tickets.health.finding import Finding
from tickets.health.recording import record_repair
from tickets.models import FileUpload, Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.handle_error import resolve_error
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_many import retry_many
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.task_definitions.save_tasks import save_tasks
from workflows.authoring.ticket_types.add_ticket_type import add_ticket_type
from workflows.authoring.ticket_types.change_ticket_type import ticket_type_marker
from workflows.authoring.trying.change_test_cases import delete_test_case
from workflows.bundles.task_sets import tasks_of
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition
from workflows.signing.signing_secrets import active_secrets
from workflows.workbooks import FileType, read_tasks, write_tasks

NEW_PASSWORD: Final = "quite-another-password-7"
SECRET_CONTENT: Final = "what-stands-in-the-file"

# Which kinds of events an address records that takes a POST, by its name.
RECORDED: Final[Mapping[str, tuple[str, ...]]] = {
    "sign_up": ("company.created", "people.added", "account.logged_in"),
    "sign_up_by_mail": ("company.created", "people.added", "account.logged_in"),
    "invited_sign_up": (
        "company.created",
        "people.added",
        "account.logged_in",
        "superusers.company_invitation_used",
    ),
    "admin:tenants_company_invitations": (
        "superusers.company_invited",
        "superusers.company_invitation_revoked",
    ),
    "one_time_link": ("account.one_time_link_used", "account.password_changed"),
    "enter_company": ("superusers.entered",),
    "leave_company": ("superusers.left",),
    "admin:login": ("account.logged_in", "account.log_in_failed"),
    "admin:passkey_log_in": ("account.logged_in", "account.log_in_failed"),
    "admin:account_address": ("account.address_asked",),
    "admin:account_profile": ("account.profile_changed", "account.picture_changed"),
    "new_address": ("account.address_changed", "account.address_lost"),
    "forgotten_password": ("account.new_password_asked",),
    "admin:logout": ("account.logged_out",),
    "admin:second_factor": ("account.logged_in", "account.second_factor_wrong"),
    "admin:password_change": ("account.password_changed",),
    "admin:account_second_factor": (
        "account.second_factor_set",
        "account.second_factor_removed",
        "account.recovery_codes_made",
    ),
    "admin:account_company_log_in": ("account.provider_unlinked",),
    "admin:account_sessions": ("account.sessions_ended",),
    "admin:account_tokens": ("account.token_revoked",),
    "admin:account_token_new": ("account.token_made",),
    "admin:account_connect": ("account.program_connected",),
    "oauth_token": ("account.token_made", "account.token_revoked", "account.program_shown_again"),
    "oauth_revoke": ("account.token_revoked",),
    "admin:tenants_user_accounts": ("account.token_revoked",),
    "admin:tenants_user_account_new": ("people.added",),
    "admin:tenants_user_account": ("people.changed", "account.token_revoked"),
    "admin:tenants_user_account_token": ("account.token_made",),
    "admin:tenants_company_one_time_link": ("superusers.one_time_link_made",),
    "admin:tenants_company_data": ("company.export_started",),
    "admin:tenants_company_archive": ("company.export_fetched",),
    "admin:tenants_company_deletion": (
        "company.deletion_asked",
        "company.deletion_taken_back",
    ),
    "admin:tenants_company_restore": ("company.restore_started",),
    "admin:tenants_user_erase": ("people.erasure_asked",),
    "admin:workflows_contact_erase": ("people.contact_erasure_asked",),
    "admin:workflows_ticketdefinition_keep": ("tickets.keep_rule_changed",),
    "admin:workflows_ticketdefinition_ways_in": (
        "tickets.way_in_changed",
        "tickets.way_in_secret_made",
    ),
    "admin:tickets_webhook_add": ("company.webhook_added",),
    "admin:tickets_webhook_edit": ("company.webhook_changed",),
    "admin:tickets_webhook_pause": ("company.webhook_paused",),
    "admin:tickets_webhook_resume": ("company.webhook_resumed",),
    "admin:tickets_webhook_secret": ("company.webhook_secret_made",),
    "admin:tickets_webhook_delete": ("company.webhook_deleted",),
    "admin:tickets_webhookdelivery_send_again": ("company.webhook_sent_again",),
    "admin:workflows_ticketdefinition_starts": ("tickets.start_paused", "tickets.start_resumed"),
    "admin:workflows_ticketdefinition_new_start": ("definitions.starts_changed",),
    "admin:workflows_ticketdefinition_start": ("definitions.starts_changed",),
    "admin:tenants_company_add": ("company.created", "people.added"),
    "admin:tenants_company_change": ("company.changed",),
    "admin:tenants_user_add": ("people.added", "superusers.added"),
    "admin:tenants_user_change": ("people.changed", "superusers.changed"),
    "admin:tenants_user_changelist": ("people.tasks_released",),
    "admin:tenants_user_process_import": ("files.list_uploaded", "people.added", "people.changed"),
    "admin:tenants_user_invite": ("people.invited", "people.invitation_withdrawn"),
    "invitation": (
        "people.added",
        "people.invitation_accepted",
        "account.logged_in",
        "account.address_lost",
    ),
    "admin:tenants_user_export": ("files.list_downloaded",),
    "admin:tenants_user_identity_provider": (
        "company.identity_provider_saved",
        "company.identity_provider_switched",
        "company.identity_provider_removed",
        "account.provider_allowed",
        "account.provider_forbidden",
    ),
    "admin:tenants_user_second_factor": ("account.second_factor_removed",),
    "admin:tenants_user_second_factors": ("company.second_factor_demanded",),
    "admin:auth_user_password_change": ("account.password_changed",),
    "admin:workflows_companyrole_add": ("people.role_added",),
    "admin:workflows_companyrole_change": ("people.role_changed",),
    "admin:workflows_companyrole_delete": ("people.role_deleted",),
    "admin:workflows_companyrole_changelist": ("people.role_deleted",),
    "admin:workflows_companyrole_process_import": (
        "files.list_uploaded",
        "people.role_added",
        "people.role_changed",
    ),
    "admin:workflows_companyrole_export": ("files.list_downloaded",),
    "admin:workflows_ticketdefinition_export": ("files.list_downloaded",),
    "admin:workflows_ticketdefinition_process_import": (
        "files.list_uploaded",
        "definitions.ticket_type_added",
        "definitions.ticket_type_changed",
    ),
    "admin:workflows_ticketdefinition_offer": ("definitions.ticket_type_changed",),
    "admin:workflows_taskinstance_export": ("files.list_downloaded",),
    "admin:tickets_ticket_priority": ("tickets.prioritized",),
    "admin:tickets_fileupload_file": ("files.version_added",),
    "admin:tickets_ticket_changelist": (
        "tickets.change_of_many",
        "tickets.prioritized",
        "tickets.held",
        "tickets.resumed",
        "tickets.cancelled",
        "tickets.task_reassigned",
    ),
    "admin:tickets_bulkchange_change": ("tickets.change_of_many",),
    "admin:tickets_bulkretry_change": ("tickets.retry_of_many",),
    "admin:tickets_savedview_save": ("tickets.view_shared",),
    "admin:tickets_savedview_edit": ("tickets.view_changed",),
    "admin:tickets_savedview_delete": ("tickets.view_deleted",),
    "admin:tenants_user_ticket_numbers": ("company.ticket_prefix_changed",),
    "admin:mail_outgoingmail_send_again": ("company.mail_sent_again",),
    "admin:tickets_cannedreply_add": ("tickets.reply_added",),
    "admin:tickets_cannedreply_change": ("tickets.reply_changed",),
    "admin:tickets_cannedreply_delete": ("tickets.reply_deleted",),
    "admin:tickets_cannedreply_changelist": ("tickets.reply_deleted",),
    "admin:tickets_cannedreply_export": ("files.list_downloaded",),
    "admin:tickets_cannedreply_process_import": (
        "files.list_uploaded",
        "tickets.reply_added",
        "tickets.reply_changed",
    ),
    "admin:tickets_message_hide": ("tickets.message_hidden",),
    "admin:tickets_message_show": ("tickets.message_shown",),
    "admin:tickets_message_duplicate": ("tickets.marked_duplicate", "tickets.joined_duplicate"),
    # Where somebody submits it for another person; else its history has it.
    "admin:tickets_myticket_add": ("tickets.submitted_for",),
    "admin:tickets_ticket_export": ("files.list_downloaded",),
    "admin:tickets_ticket_report_export": ("files.list_downloaded",),
    "admin:audit_auditevent_export": ("files.list_downloaded",),
    "admin:workflows_taskdefinition_upload": ("definitions.tasks_saved",),
    "admin:workflows_workflowdefinition_download": ("files.definition_downloaded",),
    "admin:workflows_workflowdefinition_new": ("definitions.created",),
    "admin:workflows_workflowdefinition_duplicate": ("definitions.created",),
    "admin:workflows_workflowdefinition_start_editing": ("definitions.draft_begun",),
    "admin:workflows_workflowdefinition_edit": ("definitions.draft_saved",),
    "admin:workflows_workflowdefinition_editor_carry": ("definitions.draft_saved",),
    "admin:workflows_workflowdefinition_import": ("definitions.imported",),
    "admin:workflows_workflowdefinition_import_run": ("definitions.imported",),
    "admin:workflows_workflowdefinition_describe": ("definitions.described",),
    "admin:workflows_workflowdefinition_described": (
        "definitions.described",
        "definitions.model_draft_kept",
        "definitions.imported",
    ),
    "admin:workflows_workflowdefinition_gallery_use": ("definitions.imported",),
    "admin:workflows_workflowdefinition_delete_draft": ("definitions.draft_deleted",),
    "admin:workflows_workflowdefinition_stop_offering": ("definitions.retired",),
    "admin:workflows_workflowdefinition_bring_back": ("definitions.draft_begun",),
    "admin:workflows_workflowdefinition_publish": (
        "definitions.published",
        "definitions.requester_may_approve",
    ),
    "admin:workflows_workflowdefinition_tests": ("definitions.test_cases_changed",),
    "admin:workflows_workflowdefinition_try": ("definitions.test_cases_changed",),
    "admin:workflows_workflowdefinition_move_tickets": ("tickets.moved",),
    "admin:workflows_signingsecret_show": ("company.signing_secret_shown",),
    "admin:workflows_signingsecret_rotate": ("company.signing_secret_rotated",),
    "admin:workflows_businesscalendar": ("company.working_hours_changed",),
    "admin:tickets_ticket_repair": (
        "tickets.step_retried",
        "tickets.data_corrected",
        "tickets.output_corrected",
        "tickets.input_corrected",
        "tickets.task_finished",
        "tickets.task_reassigned",
        "tickets.task_taken_back",
        "tickets.held",
        "tickets.resumed",
        "tickets.cancelled",
    ),
    "admin:tickets_mytask_absence": ("people.absence_planned", "people.deputy_named"),
    "admin:tenants_user_absence": ("people.absence_planned", "people.deputy_named"),
    "admin:tickets_ticketerror_changelist": ("tickets.retry_of_many",),
    "admin:tickets_ticketerror_review": ("tickets.error_reviewed",),
    "admin:tickets_ticketerror_resolve": ("tickets.error_resolved",),
    "mcp": ("assistants.acted",),
}
_STEP: Final = "an ordinary step or answer of a ticket: its history has it"
_ASKS: Final = "it asks, and changes nothing"
_OWN: Final = "one's own: a half-filled form, whether one is there, what one follows or was told"
_SAID: Final = "messages and their edits stand on the ticket, with who wrote them and when"
_RATED: Final = "a rating stands on its ticket, with when it was given"
# Why the others record nothing.
NOTHING_TO_RECORD: Final[Mapping[str, str]] = {
    "admin:jsi18n": _ASKS,
    "admin:company_log_in": _ASKS,
    "admin:company_log_in_at": "it leads elsewhere: the address that it comes back to records",
    "oauth_register": "it keeps nothing: what was registered stands in the name that is answered",
    "callback": _STEP,
    "way_in": _STEP,
    "way_in_answer": _STEP,
    "demo_accounting": _ASKS,
    "admin:index": _ASKS,
    "metrics": _ASKS,
    "admin:tenants_user_import": "a trial: confirming it is another address",
    "admin:tickets_cannedreply_import": "a trial: confirming it is another address",
    "admin:workflows_companyrole_import": "a trial: confirming it is another address",
    "admin:workflows_ticketdefinition_import": "a trial: confirming it is another address",
    "admin:tickets_webhook_test": "the log of webhooks has it, with what was answered",
    "admin:workflows_workflowdefinition_editor_check": _ASKS,
    "admin:workflows_workflowdefinition_editor_form": _ASKS,
    "admin:workflows_workflowdefinition_editor_condition": _ASKS,
    "admin:workflows_workflowdefinition_editor_number": _ASKS,
    "admin:workflows_workflowdefinition_editor_transform": _ASKS,
    "admin:workflows_workflowdefinition_editor_sample": _ASKS,
    "admin:workflows_workflowdefinition_editor_answers": _ASKS,
    "admin:workflows_workflowdefinition_try_visible": _ASKS,
    "admin:tickets_ticket_repair_visible": _ASKS,
    "admin:tickets_myticket_visible": _ASKS,
    "admin:tickets_mytask_visible": _ASKS,
    "admin:tickets_myticket_discard": _OWN,
    "admin:tickets_mytask_discard": _OWN,
    "admin:tickets_mytask_availability": _OWN,
    "admin:tickets_mytask_hand_on": _OWN,
    "stop_mail": _OWN,
    "rate_ticket": _RATED,
    "outside_form": _STEP,
    "outside_form_visible": _ASKS,
    "public_start": "nothing is there until its address is proven",
    "public_start_visible": _ASKS,
    "confirm_start": _STEP,
    "admin:tickets_myticket_rate": _RATED,
    "admin:notices": _OWN,
    "admin:notices_bell": _OWN,
    "admin:notice_preferences": _OWN,
    "admin:tickets_myticket_withdraw": _STEP,
    "admin:tickets_mytask_change": _STEP,
    "admin:tickets_mytask_start": _STEP,
    "admin:tickets_mytask_claim": _STEP,
    "admin:tickets_mytask_changelist": _ASKS,
    "admin:tickets_mytask_hand_over": _STEP,
    "admin:tickets_mytask_take": _STEP,
    "admin:tickets_mytask_take_over": _STEP,
    "admin:tickets_mytask_complete_many": _STEP,
    "admin:tickets_message_conversation": _SAID,
    "admin:tickets_fileupload_upload": "a file belongs to nothing until a form names it",
    "mail_in": _SAID,
    "api": "each of its operations calls the service of a page, which records",
    "admin:tickets_message_edit": _SAID,
    "admin:tickets_message_go_on": _STEP,
    "admin:tickets_message_follow": _OWN,
    "admin:tickets_message_link": _SAID,
    "admin:tickets_message_unlink": _SAID,
    "admin:tickets_mytask_release": _STEP,
}
# What no POST leads to: commands, jobs, what is read, what superusers open, and what an identity
# provider leads back to.
OTHERWISE: Final = frozenset(
    {
        "account.password_again_wrong",
        "account.provider_linked",
        "account.recovery_code_used",
        "company.audit_forgotten",
        "company.deleted",
        "company.deletion_began",
        "company.encrypted_again",
        "company.export_made",
        "company.restored",
        "company.restore_failed",
        "company.identity_provider_tried",
        "files.definition_exported",
        "files.downloaded",
        "files.viewed",
        "people.contact_erased",
        "people.erased",
        "superusers.opened_page",
        "superusers.sent_form",
        "tickets.deleted",
        "tickets.doctor_repaired",
        "tickets.replayed",
    }
)
# The views of Django's admin that change something, by the ends of their names, and what a screen
# must allow for it.
_OF_SCREENS: Final = {
    "_add": "has_add_permission",
    "_change": "has_change_permission",
    "_delete": "has_delete_permission",
    "_export": "has_export_permission",
    "_import": "has_import_permission",
    "_process_import": "has_import_permission",
}

# What a stolen session must not be enough for: secrets, and where webhooks lead.
_ASKS_PASSWORD: Final = re.compile(
    r"secret|token_made|program_connected|webhook_(added|changed|resumed)"
)
# Where no session counts at all: there is nobody to ask.
BY_PROGRAMS: Final = {"oauth_token"}


class AddressTests(CompanyTestCase):
    def takes_a_post(self, page: Page) -> bool:
        if page.kind is not None:
            return hasattr(page.kind, "post") and "post" in page.kind.http_method_names
        if page.model is None:
            return page.name not in READ_ONLY and bool(page.name)
        screen: Any = admin.site.get_model_admin(page.model)
        if page.name.endswith("_changelist"):
            return any(screen.get_actions(each) for each in self.requests())
        for end, permission in _OF_SCREENS.items():
            if page.name.endswith(end) and not page.name.endswith(f"_process{end}"):
                allows = getattr(screen, permission, None)
                return allows is not None and any(allows(each) for each in self.requests())
        return page.name not in READ_ONLY and not page.name.endswith("_history") and bool(page.name)

    def requests(self) -> Iterator[Any]:
        for person, company in (
            (self.root, None),
            (self.root, self.acme),
            *((each, self.acme) for each in (self.alice, self.terry, self.carla, self.wendy)),
        ):
            request = request_as(person)
            request.company = company  # type: ignore[attr-defined]
            yield request

    def test_every_address_that_takes_a_post_says_what_it_records(self) -> None:
        names = {page.name for page in all_pages() if self.takes_a_post(page)}
        self.assertGreater(len(names), 50)
        missing = sorted(names - set(RECORDED) - set(NOTHING_TO_RECORD))
        self.assertEqual(missing, [], f"Say in {__name__} which events they record, or why none.")

    def test_the_tables_name_no_address_that_is_not_there(self) -> None:
        there = {page.name for page in all_pages()}
        self.assertEqual(sorted({*RECORDED, *NOTHING_TO_RECORD} - there), [])
        self.assertEqual(set(RECORDED) & set(NOTHING_TO_RECORD), set())

    def test_every_kind_has_its_address(self) -> None:
        named = {kind for kinds in RECORDED.values() for kind in kinds} | OTHERWISE
        declared = {name for name in declared_kinds() if not name.endswith("_in_a_test")}
        self.assertEqual(named - declared, set())
        self.assertEqual(declared - named, set(), "Name the address that records it.")

    def test_the_password_is_asked_again_where_secrets_are_shown_and_data_is_led_away(self) -> None:
        for address, kinds in RECORDED.items():
            with self.subTest(address):
                if address in BY_PROGRAMS:
                    continue
                if any(map(_ASKS_PASSWORD.search, kinds)):
                    self.assertIn(address, ASKED_AT)

    def test_every_list_says_what_its_actions_record(self) -> None:
        """Those of the actions that are not the download's."""
        found = {
            f"{model._meta.label_lower}: {name}"
            for request in self.requests()
            for model, screen in admin.site._registry.items()
            for name in screen.get_actions(request)
        }
        self.assertEqual(found, ACTIONS, "Say here which actions of lists there are.")


READ_ONLY: Final = frozenset(
    {
        "health",
        "ready",
        "admin:search",
        "admin:password_change_done",
        "admin:autocomplete",
        "admin:app_list",
        "layout_frame",
        "bundle_schema",
        "described",
        "llms_txt",
        "mcp_metadata",
        "api_metadata",
        "resource_metadata",
        "server_metadata",
        "api_document",
        "api_reference",
    }
)
# Each is among what RECORDED says of its list.
ACTIONS: Final = {
    "tenants.user: reassign_open_tasks",
    "tickets.cannedreply: delete_selected",
    "tickets.mytask: complete_chosen",
    "tickets.ticket: cancel_chosen",
    "tickets.ticket: hold_chosen",
    "tickets.ticket: message_chosen",
    "tickets.ticket: prioritize_chosen",
    "tickets.ticket: reassign_chosen",
    "tickets.ticket: resume_chosen",
    "tickets.ticketerror: retry_chosen",
    "workflows.companyrole: delete_selected",
}


class EventCase(SecondFactorCase):
    """Does things, and looks which events they left."""

    seen: set[str]

    def setUp(self) -> None:
        super().setUp()
        self.seen = set()

    @contextmanager
    def expect(self, *kinds: str, by: User | None = None, schema: str = "acme") -> Iterator[None]:
        """Exactly these kinds of events come, in this order; of `by` where one is given."""
        with company_of(schema):
            before = set(AuditEvent.objects.values_list("pk", flat=True))
        with self.subTest(kinds[-1]):
            yield
            with company_of(schema):
                new = list(AuditEvent.objects.exclude(pk__in=before).order_by("pk"))
            self.assertEqual([each.kind for each in new], list(kinds))
            self.seen |= {each.kind for each in new}
            if by is not None:
                self.assertEqual({each.actor_id for each in new}, {by.pk})
            self.events = new

    def texts(self) -> str:
        """All that the logs hold."""
        found = []
        for schema in ("acme", "globex", "public"):
            with company_of(schema):
                found += list(AuditEvent.objects.values())
        return json.dumps(found, default=str, ensure_ascii=False)


class AccountTests(EventCase):
    def test_log_ins(self) -> None:
        with self.expect("account.log_in_failed"):
            self.client.post("/app/login/", {"username": self.uma.email, "password": "typed-this"})
        (failed,) = self.events
        self.assertEqual((failed.actor_kind, failed.subject_id), ("visitor", str(self.uma.pk)))
        with self.expect("account.log_in_failed", schema="public"):
            self.client.post(
                "/app/login/", {"username": "no@where.example", "password": "typed-this"}
            )
        said = (self.events[0].subject_name, self.events[0].data)
        self.assertEqual(said, ("", {"through": "password"}))
        with self.expect("account.logged_in", by=self.uma):
            self.give_password(self.uma)
        self.assertEqual(self.events[0].data["through"], "password")
        with self.expect("account.logged_out", by=self.uma):
            self.client.post(reverse("admin:logout"))
        self.assertNotIn("typed-this", self.texts())
        self.assertNotIn("no@where.example", self.texts())

    def test_a_flood_of_failures_is_bounded(self) -> None:
        from unittest import mock  # noqa: PLC0415

        from tenants.limits import table as limits  # noqa: PLC0415
        from tenants.logging_in import failed_log_ins  # noqa: PLC0415

        few = limits.Limit("failed log-ins recorded", limits.HOUR, 3)
        with mock.patch.object(failed_log_ins, "FAILURES_RECORDED", few):
            for number in range(6):
                sender = f"192.0.2.{number}"
                sent = {"username": self.uma.email, "password": "wrong"}
                self.client.post("/app/login/", sent, REMOTE_ADDR=sender)
        self.assertEqual(AuditEvent.objects.filter(kind="account.log_in_failed").count(), 3)

    def test_passwords_and_second_factors(self) -> None:
        self.log_in(self.uma)
        own = reverse("admin:password_change")
        sent = {
            "old_password": PASSWORD,
            "new_password1": NEW_PASSWORD,
            "new_password2": NEW_PASSWORD,
        }
        with self.expect("account.password_changed", by=self.uma):
            self.client.post(own, sent)
        page = reverse("admin:account_second_factor")
        self.client.get(page)
        secret = self.client.session["second_factor_secret"]
        with self.expect("account.second_factor_set", "account.recovery_codes_made", by=self.uma):
            self.client.post(page, {"verb": "activate", "code": code_of(secret)})
        with self.expect("account.recovery_codes_made", by=self.uma):
            self.client.post(page, {"verb": "codes"})
        with self.expect("account.second_factor_removed", by=self.uma):
            self.client.post(page, {"verb": "remove"})
        self.log_in(self.alice)
        set_by_alice = reverse("admin:auth_user_password_change", args=[self.wendy.pk])
        with self.expect("account.password_changed", by=self.alice):
            self.client.post(set_by_alice, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        self.assertEqual(self.events[0].subject_id, str(self.wendy.pk))
        self.give_factor(self.wendy)
        with self.expect("account.second_factor_removed", by=self.alice):
            self.client.post(reverse("admin:tenants_user_second_factor", args=[self.wendy.pk]))
        for never in (PASSWORD, NEW_PASSWORD, secret):
            self.assertNotIn(never, self.texts())

    def test_codes_at_the_log_in(self) -> None:
        self.give_factor(self.uma)
        (code, *_more) = new_recovery_codes(user=self.uma)
        self.give_password(self.uma)
        with self.expect("account.second_factor_wrong"):
            self.client.post("/app/login/second-factor/", {"code": "000000"})
        with self.expect("account.recovery_code_used", "account.logged_in", by=self.uma):
            self.client.post("/app/login/second-factor/", {"code": code})
        self.assertEqual(self.events[0].data, {"left": 9})
        self.assertNotIn(code, self.texts())

    def test_sessions(self) -> None:
        self.give_password(self.uma)
        other = self.client_class()
        other.post("/app/login/", {"username": self.uma.email, "password": PASSWORD})
        with self.expect("account.sessions_ended", by=self.uma):
            self.client.post(reverse("admin:account_sessions"), {"others": "1"})
        self.assertEqual(self.events[0].data, {"count": 1})
        page = self.client.get(reverse("admin:account_sessions"))
        self.assertContains(page, "Ended sessions")
        self.assertEqual(len(page.context["happened"]), 3)

    @override_settings(PASSWORD_AGAIN_SECONDS=0)
    def test_a_wrong_password_again(self) -> None:
        self.log_in(self.alice)
        address = reverse("admin:tenants_user_second_factors")
        with self.expect("account.password_again_wrong", by=self.alice):
            self.client.post(address, {"demanded": "1", "password_again": "typed-this"})
        self.assertNotIn("typed-this", self.texts())


class PasskeyEventTests(PasskeyCase, EventCase):
    def alone(self, device: Device) -> dict[str, str]:
        asked = self.client.post("/app/login/passkey/").json()["options"]
        return {"passkey": device.use(asked)}

    def test_passkeys(self) -> None:
        browser, page = self.browser(self.uma), reverse("admin:account_second_factor")
        sent = {"verb": "add_passkey", "passkey": self.made(browser, Device())}
        with self.expect("account.second_factor_set", "account.recovery_codes_made", by=self.uma):
            browser.post(page, sent)
        self.assertEqual(self.events[0].data, {"factor": "passkey"})
        sent["passkey"] = self.made(browser, Device())
        with self.expect("account.second_factor_set", by=self.uma):
            browser.post(page, sent)
        with self.expect("account.second_factor_removed", by=self.uma):
            last = Passkey.objects.latest("pk")
            browser.post(page, {"verb": "remove_passkey", "passkey": str(last.pk)})
        self.assertEqual(self.events[0].data, {"factor": "passkey"})

    def test_log_ins_by_them(self) -> None:
        device = Device()
        self.add(self.uma, device)
        with self.expect("account.logged_in", by=self.uma):
            self.client.post("/app/login/passkey/", self.alone(device))
        self.assertEqual(self.events[0].data["through"], "passkey")
        self.client.post(reverse("admin:logout"))
        with self.expect("account.logged_in", by=self.uma):
            self.answer(device.use(self.asked(self.uma)))
        self.assertEqual(self.events[0].data["through"], "password")

    def test_refused_ones(self) -> None:
        device = Device()
        self.add(self.uma, device)
        bent = Device(**{**vars(device), "origin": "http://evil.example"})
        with self.expect("account.log_in_failed"):
            self.client.post("/app/login/passkey/", self.alone(bent))
        (failed,) = self.events
        self.assertEqual((failed.actor_kind, failed.subject_id), ("visitor", str(self.uma.pk)))
        self.assertEqual(failed.data, {"through": "passkey"})
        with self.expect("account.second_factor_wrong"):
            self.answer(bent.use(self.asked(self.uma)))
        self.assertEqual(self.events[0].data, {"factor": "passkey"})
        self.assertEqual(self.events[0].actor_kind, "visitor")
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        with self.expect("account.log_in_failed"):
            self.client.post("/app/login/passkey/", self.alone(device))
        before = AuditEvent.objects.count()
        self.client.post("/app/login/passkey/", self.alone(Device()))  # nobody's
        self.assertEqual(AuditEvent.objects.count(), before)


class ProviderEventTests(ProviderCase, EventCase):
    OWN = "/app/account/company-log-in/"

    def sent(self, **more: str) -> dict[str, str]:
        return {"verb": "save", "issuer": self.server.issuer, "client_id": CLIENT, **more}

    def post(self, **sent: str) -> Any:
        RequestCount.objects.all().delete()
        return self.client.post(reverse("admin:tenants_user_identity_provider"), sent)

    def come_back(self, led: Any) -> None:
        self.client.get(BACK, self.server.authorize(led.context["address"]))

    def test_settings(self) -> None:
        self.log_in(self.alice)
        with self.expect("company.identity_provider_removed", by=self.alice):
            self.post(verb="remove")
        self.assertEqual(self.events[0].subject_name, self.server.issuer)
        with self.expect("company.identity_provider_saved", by=self.alice):
            self.post(**self.sent(secret=SECRET, email_domains="acme.example"))
        (saved,) = self.events
        self.assertEqual(saved.data["changes"]["email_domains"], [None, "acme.example"])
        self.assertIs(saved.data["has_new_secret"], True)
        with self.expect("company.identity_provider_tried", by=self.alice):
            self.come_back(self.post(verb="test"))
        with self.expect("company.identity_provider_switched", by=self.alice):
            self.post(verb="on", passwords_for_admins_only="1")
        changes = {"is_on": [False, True], "passwords_for_admins_only": [False, True]}
        self.assertEqual(self.events[0].data, {"changes": changes})
        with self.expect("company.identity_provider_saved", by=self.alice):
            self.post(**self.sent(email_domains="acme.example", counts_as_second_factor="on"))
        changes = {"counts_as_second_factor": [False, True]}
        self.assertEqual(self.events[0].data, {"changes": changes, "has_new_secret": False})
        with self.expect("company.identity_provider_saved", by=self.alice):
            self.post(**self.sent(email_domains="acme.example", client_id="other"))
        self.assertEqual(
            self.events[0].data["changes"],
            {
                "client_id": [CLIENT, "other"],
                "counts_as_second_factor": [True, False],
                "is_on": [True, False],
                "passwords_for_admins_only": [True, False],
            },
        )
        before = AuditEvent.objects.count()
        self.post(**self.sent(email_domains="acme.example", client_id="other"))
        self.post(verb="off")
        self.assertEqual(AuditEvent.objects.count(), before)
        self.assertNotIn(SECRET, self.texts())
        self.assertNotIn(IdentityProvider.objects.get().encrypted_secret, self.texts())

    def test_who_may(self) -> None:
        self.log_in(self.alice)
        emails = f"{self.uma.email}\n{self.wendy.email}\ntyped-this\n{self.charlie.email}"
        with self.expect("account.provider_allowed", "account.provider_allowed", by=self.alice):
            self.post(verb="allow", emails=emails)
        about = {each.subject_id for each in self.events}
        self.assertEqual(about, {str(self.uma.pk), str(self.wendy.pk)})
        with self.expect("account.provider_forbidden", by=self.alice):
            self.post(verb="forbid", person=str(self.wendy.pk))
        before = AuditEvent.objects.count()
        self.post(verb="allow", emails=self.uma.email)
        self.post(verb="forbid", person=str(self.wendy.pk))
        self.post(verb="forbid", person=str(self.charlie.pk))
        self.assertEqual(AuditEvent.objects.count(), before)
        self.assertNotIn("typed-this", self.texts())

    def test_log_ins_through_it(self) -> None:
        allow_people(provider=self.provider, emails=[self.uma.email])
        with self.expect("account.provider_linked", "account.logged_in", by=self.uma):
            self.log_in_there()
        self.assertEqual(self.events[1].data["through"], "identity provider")
        self.assertTrue(self.events[0].sender)
        self.client.post(reverse("admin:logout"))
        self.give_factor(self.uma)
        code = new_recovery_codes(user=self.uma)[0]
        with self.expect("account.recovery_code_used", "account.logged_in", by=self.uma):
            self.log_in_there()
            self.client.post("/app/login/second-factor/", {"code": code})
        self.assertEqual(self.events[1].data["through"], "identity provider")

    def test_refused_ones(self) -> None:
        refused: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
            ({"email": "typed-this@acme.example", "sub": "typed-this"}, {}),
            ({"nonce": "typed-this"}, {}),
            ({}, {"code": "typed-this"}),
            ({}, {"iss": "https://typed-this.example"}),
        )
        for claims, more in refused:
            self.server.claims = claims
            with self.expect("account.log_in_failed"):
                self.client.get(BACK, {**self.begin(), **more})
            (failed,) = self.events
            said = (failed.actor_kind, failed.subject_name, failed.data)
            self.assertEqual(said, ("visitor", "", {"through": "identity provider"}))
        self.server.claims = {}
        self.link(self.uma)
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        with self.expect("account.log_in_failed"):
            self.log_in_there()
        self.assertEqual(self.events[0].subject_id, str(self.uma.pk))
        before = AuditEvent.objects.count()
        self.client.get(BACK, {"code": "x", "state": "nobody began"})
        self.assertEqual(AuditEvent.objects.count(), before)
        self.assertNotIn("typed-this", self.texts())

    def test_ones_own_account(self) -> None:
        self.log_in(self.uma)
        with self.expect("account.provider_linked", by=self.uma):
            self.come_back(self.client.post(self.OWN, {"verb": "link"}))
        with self.expect("account.provider_unlinked", by=self.uma):
            self.client.post(self.OWN, {"verb": "unlink"})
        before = AuditEvent.objects.count()
        self.client.post(self.OWN, {"verb": "unlink"})
        self.assertEqual(AuditEvent.objects.count(), before)


class PeopleTests(EventCase):
    def setUp(self) -> None:
        super().setUp()
        self.role = CompanyRole.objects.create(name="Accounting")
        self.log_in(self.alice)

    def person(self, **more: Any) -> dict[str, Any]:
        return {"first_name": "Nora", "last_name": "Newton", "email": "nora@acme.example", **more}

    def test_people(self) -> None:
        passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        sent = self.person(system_roles=["user"], is_available="on", **passwords)
        with self.expect("people.added", by=self.alice):
            self.client.post(reverse("admin:tenants_user_add"), sent)
        self.assertEqual(self.events[0].data["system_roles"], ["user"])
        nora = User.objects.get(email="nora@acme.example")
        page = reverse("admin:tenants_user_change", args=[nora.pk])
        sent = self.person(system_roles=["user", "admin"], member_of=[self.role.pk], is_active="on")
        with self.expect("people.changed", by=self.alice):
            self.client.post(page, sent)
        changes = self.events[0].data["changes"]
        self.assertEqual(changes["system_roles"], [["user"], ["admin", "user"]])
        self.assertEqual(changes["company_roles"], [[], ["Accounting"]])
        self.assertEqual(changes["is_available"], [True, False])
        with self.expect("people.changed", by=self.alice):
            self.client.post(page, {**sent, "is_active": ""})
        self.assertEqual(self.events[0].data["changes"], {"is_active": [True, False]})
        self.assertNotIn(NEW_PASSWORD, self.texts())

    def test_what_changes_nothing_leaves_nothing(self) -> None:
        page = reverse("admin:tenants_user_change", args=[self.uma.pk])
        sent = {
            "first_name": "Uma", "last_name": "Urban", "email": self.uma.email,
            "system_roles": ["user"], "is_active": "on", "is_available": "on",
        }  # fmt: skip
        self.client.post(page, sent)
        self.assertFalse(AuditEvent.objects.exclude(kind__startswith="account.").exists())

    def test_an_import_row_by_row(self) -> None:
        from base64 import b64encode  # noqa: PLC0415

        text = f"email,first name,last name\nn@acme.example,N,New\n{self.uma.email},Una,Urban\n"
        sent = {"content": b64encode(text.encode()).decode(), "name": "people.csv"}
        with self.expect("people.added", "people.changed", "files.list_uploaded", by=self.alice):
            self.client.post(reverse("admin:tenants_user_process_import"), sent)
        self.assertEqual(
            self.events[2].data, {"list": "tenants.user", "new": 1, "changed": 1, "rows": 2}
        )

    def test_a_trial_of_an_import_leaves_nothing(self) -> None:
        file = SimpleUploadedFile("p.csv", b"email,first name,last name\nn@acme.example,N,New\n")
        self.client.post(reverse("admin:tenants_user_import"), {"import_file": file})
        self.assertFalse(AuditEvent.objects.filter(kind__startswith="people.").exists())

    def test_a_download_says_which_rows(self) -> None:
        address = f"{reverse('admin:tenants_user_export')}?role=user"
        with self.expect("files.list_downloaded", by=self.alice):
            self.client.post(address, {"format": "0", "resource": ""})
        data = self.events[0].data
        self.assertEqual(
            (data["list"], data["rows"], data["filters"]), ("tenants.user", 1, {"role": "user"})
        )

    def test_company_roles(self) -> None:
        sent = {"name": "Buyers", "description": "", "members": [self.uma.pk]}
        with self.expect("people.role_added", by=self.alice):
            self.client.post(reverse("admin:workflows_companyrole_add"), sent)
        self.assertEqual(self.events[0].data["members"], [self.uma.email])
        role = CompanyRole.objects.get(name="Buyers")
        page = reverse("admin:workflows_companyrole_change", args=[role.pk])
        with self.expect("people.role_changed", by=self.alice):
            self.client.post(page, {**sent, "name": "Purchasing", "members": [self.walt.pk]})
        self.assertEqual(
            self.events[0].data,
            {
                "changes": {"name": ["Buyers", "Purchasing"]},
                "members_added": [self.walt.email],
                "members_removed": [self.uma.email],
            },
        )
        with self.expect("people.role_deleted", by=self.alice):
            self.client.post(
                reverse("admin:workflows_companyrole_delete", args=[role.pk]), {"post": "yes"}
            )


class CompanyEventTests(EventCase):
    def test_settings_and_secrets(self) -> None:
        self.log_in(self.alice)
        with self.expect("company.signing_secret_shown", by=self.alice):
            self.client.post(reverse("admin:workflows_signingsecret_show"))
        with self.expect("company.signing_secret_rotated", by=self.alice):
            self.client.post(reverse("admin:workflows_signingsecret_rotate"), {"confirm": "on"})
        page = reverse("admin:workflows_businesscalendar")
        hours = {"time_zone": "Europe/Berlin", "day_0": "09:00-12:00", "holidays": ""}
        with self.expect("company.working_hours_changed", by=self.alice):
            self.client.post(page, hours)
        with self.expect("company.encrypted_again"):
            call_command("encrypt_again", stdout=StringIO())
        for secret in active_secrets(now=timezone.now()):
            self.assertNotIn(secret, self.texts())
        address = reverse("admin:tenants_user_second_factors")
        with self.expect("company.second_factor_demanded", by=self.alice):
            self.client.post(address, {"demanded": "1"})
        self.assertEqual(self.events[0].data, {"changes": {"asks_second_factor": [False, True]}})

    def test_the_company_itself(self) -> None:
        self.log_in(self.root)
        page = reverse("admin:tenants_company_change", args=[self.acme.pk])
        for schema in ("acme", "public"):
            with self.expect("company.changed", by=self.root, schema=schema):
                self.client.post(page, {"name": f"Acme of {schema}", "is_active": "on"})
        self.assertEqual(
            self.events[0].data, {"changes": {"name": ["Acme of acme", "Acme of public"]}}
        )

    def test_signing_up(self) -> None:
        self.client.post(
            reverse("sign_up"),
            {
                "company_name": "Bright Bakery",
                "first_name": "Bea",
                "last_name": "Baker",
                "email": "bea@bakery.example",
                "password": NEW_PASSWORD,
            },
        )
        with outside():
            founder = User.objects.select_related("company").get(email="bea@bakery.example")
        assert founder.company is not None
        with company_of(founder.company.schema_name):
            kinds = list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))
        self.assertEqual(kinds, ["company.created", "people.added", "account.logged_in"])


class DefinitionTests(EventCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def address(self, name: str, workflow: WorkflowDefinition) -> str:
        return reverse(f"admin:workflows_workflowdefinition_{name}", args=[workflow.pk])

    def newest(self, key: str) -> WorkflowDefinition:
        return WorkflowDefinition.objects.versions_of(key).order_by("-version")[0]

    def test_a_definition_from_its_import_to_its_end(self) -> None:
        import_page = reverse("admin:workflows_workflowdefinition_import")
        text = json.dumps(fixture_document("invoice"))
        with self.expect("definitions.imported", by=self.carla):
            self.client.post(import_page, {"text": text, "apply": "1"})
        draft = WorkflowDefinition.objects.get()
        with self.expect("definitions.published", by=self.carla):
            self.client.post(self.address("publish", draft))
        with self.expect("definitions.draft_begun", by=self.carla):
            self.client.post(self.address("start_editing", draft))
        second = self.newest(draft.key)
        with self.expect("definitions.draft_deleted", by=self.carla):
            self.client.post(self.address("delete_draft", second))
        with self.expect("definitions.created", by=self.carla):
            self.client.post(self.address("duplicate", draft))
        with self.expect("files.definition_downloaded", by=self.carla):
            self.client.get(self.address("download", draft))
        with self.expect("definitions.retired", by=self.carla):
            self.client.post(self.address("stop_offering", draft))
        with self.expect("definitions.created", by=self.carla):
            self.client.post(reverse("admin:workflows_workflowdefinition_new"), {"title": "Trips"})
        with self.expect("files.definition_exported"):
            call_command("export_bundle", "--company", "acme", draft.key, stdout=StringIO())

    def test_a_draft(self) -> None:
        workflow = import_fixture("invoice", self.carla)
        self.client.post(self.address("start_editing", workflow))
        draft = self.newest(workflow.key)
        document: Any = export_bundle(workflow=draft)
        document["workflow"]["description"] = "Another one"
        with self.expect("definitions.draft_saved", by=self.carla):
            save_draft(
                workflow=draft,
                document=document,
                user=self.carla,
                expected_updated_at=draft.updated_at,
            )
        draft.refresh_from_db()
        tasks: Any = tasks_of(export_bundle(workflow=draft))
        tasks["tasks"][0]["description"] = "Look twice"
        content = write_tasks(tasks, FileType.JSON, around=document)
        reading = read_tasks(content, "tasks.json", around=document)
        with self.expect("definitions.tasks_saved", by=self.carla):
            save_tasks(tasks=reading, user=self.carla, seen=SeenDraft.of(draft))
        draft.refresh_from_db()
        if draft.test_cases:
            with self.expect("definitions.test_cases_changed"):
                delete_test_case(workflow=draft, name=str(draft.test_cases[0]["name"]))

    def test_ticket_types(self) -> None:
        workflow = import_fixture("invoice", self.carla)
        with self.expect("definitions.ticket_type_added", by=self.carla):
            add_ticket_type(workflow=workflow, key="rent", title="Rent", user=self.carla)
        rent = TicketDefinition.objects.get(key="rent")
        role = CompanyRole.objects.all()[0]
        page = reverse("admin:workflows_ticketdefinition_offer", args=[rent.pk])
        with self.expect("definitions.ticket_type_changed", by=self.carla):
            expected = ticket_type_marker(rent)
            sent = {"is_active": "on", "roles": [role.pk], "expected": expected}
            self.client.post(page, sent)
        self.assertEqual(self.events[0].data["changes"]["roles_with_access"], [[], [role.name]])


class TicketTests(SmallWorkflow, EventCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        self.log_in(self.terry)

    def broken_call(self) -> TicketError:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        return self.fail_call(self.ticket)

    def repair(self, verb: str, subject: int = 0, **sent: Any) -> None:
        arguments = [self.ticket.pk, verb, subject]
        page = reverse("admin:tickets_ticket_repair", args=arguments)
        expected = marker_of(Ticket.objects.get(pk=self.ticket.pk))
        self.client.post(page, {"reason": REASON, "confirm": "on", "expected": expected, **sent})

    def test_ordinary_steps_are_not_recorded(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": False})
        self.assertEqual(
            set(AuditEvent.objects.values_list("kind", flat=True)), {"account.logged_in"}
        )

    def test_a_ticket_is_stopped_and_goes_on(self) -> None:
        with self.expect("tickets.held", by=self.terry):
            self.repair("hold")
        self.assertEqual(self.events[0].data, {"reason": REASON})
        with self.expect("tickets.resumed", by=self.terry):
            self.repair("resume")
        with self.expect("tickets.cancelled", by=self.terry):
            self.repair("cancel")

    def test_repairs(self) -> None:
        by: dict[str, Any] = {"by": self.terry, "reason": REASON}
        with self.expect("tickets.data_corrected", by=self.terry):
            correct_ticket_data(ticket=self.ticket, data={"amount": 8}, **by)
        with self.expect("tickets.task_reassigned", by=self.terry):
            task = self.current(self.ticket)
            other = self.walt if task.assigned_to == self.wendy else self.wendy
            reassign_task(task=task, to=other, **by)
        error = self.broken_call()
        with self.expect("tickets.error_reviewed", by=self.terry):
            self.client.post(reverse("admin:tickets_ticketerror_review", args=[error.pk]))
        with self.expect("tickets.output_corrected", by=self.terry):
            first = self.instance(self.ticket).tasks.order_by("pk")[0]
            correct_task_output(task=first, output={"big": False}, **by)
        with self.expect("tickets.input_corrected", by=self.terry):
            correct_task_input(task=self.current(self.ticket), body={"amount": 9}, **by)
        with self.expect("tickets.retry_of_many", by=self.terry):
            retry_many(errors=[error], **by)
        with self.expect("tickets.step_retried", by=self.terry):
            retry_step(error=error, **by)
        stray = TicketError.objects.create(
            ticket=self.ticket, task=error.task, error_type="TASK_UPDATE", message="Stray"
        )
        with self.expect("tickets.error_resolved", by=self.terry):
            resolve_error(error=stray, by=self.terry, notes="It was nothing.")
        with self.expect("tickets.task_finished", by=self.terry):
            finish_task_by_hand(task=self.current(self.ticket), output={"document": "7"}, **by)

    def test_the_doctor(self) -> None:
        with self.expect("tickets.doctor_repaired"):
            record_repair(Finding("acme", self.ticket.pk, "Stuck."), "Put right.")

    def test_a_file(self) -> None:
        file = SimpleUploadedFile("notes.txt", SECRET_CONTENT.encode(), "text/plain")
        kept = keep_file(file=file, user=self.uma)
        upload = FileUpload.objects.get(uuid=str(kept["upload"]))
        upload.ticket = self.ticket
        upload.save()
        address = reverse("admin:tickets_fileupload_download", args=[upload.uuid])
        with self.expect("files.downloaded", by=self.terry):
            self.client.get(address)
        self.assertEqual(self.events[0].data, {"ticket": str(self.ticket), "is_own": False})
        self.assertEqual(self.events[0].subject_name, "notes.txt")
        shown = keep_file(file=SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n"), user=self.terry)
        key = str(shown["upload"])
        FileUpload.objects.filter(uuid=key).update(ticket=self.ticket)
        with self.expect("files.viewed", by=self.terry):
            self.client.get(reverse("admin:tickets_fileupload_inline", args=[key]))
        page = reverse("admin:tickets_fileupload_file", args=[key])
        with self.expect("files.version_added", by=self.terry):
            self.client.post(page, {"file": SimpleUploadedFile("a.txt", SECRET_CONTENT.encode())})
        self.assertNotIn(SECRET_CONTENT, self.texts())


class SuperuserTests(EventCase):
    def test_superusers(self) -> None:
        self.log_in(self.root)
        sent = {
            "first_name": "Rita", "last_name": "Root", "email": "rita@ticketflower.example",
            "password1": NEW_PASSWORD, "password2": NEW_PASSWORD,
        }  # fmt: skip
        with self.expect("superusers.added", by=self.root, schema="public"):
            self.client.post(reverse("admin:tenants_user_add"), sent)
        rita = User.objects.get(email="rita@ticketflower.example")
        page = reverse("admin:tenants_user_change", args=[rita.pk])
        with self.expect("superusers.changed", by=self.root, schema="public"):
            self.client.post(page, {**sent, "last_name": "Rooter", "is_active": "on"})
        self.assertEqual(self.events[0].data, {"changes": {"last_name": ["Root", "Rooter"]}})

    def test_a_visit(self) -> None:
        self.log_in(self.root)
        with self.expect("superusers.entered", by=self.root):
            self.enter(self.acme)
        self.assertEqual(self.events[0].data["reason"], "A test")
        page = reverse("admin:tickets_ticket_changelist")
        with self.expect("superusers.opened_page", by=self.root):
            self.client.get(page, {"q": "x"})
        self.assertEqual(self.events[0].data, {"page": page, "asked": "q=x"})
        self.assertEqual(self.events[0].actor_kind, "superuser")
        person = reverse("admin:tenants_user_change", args=[self.uma.pk])
        sent = {"first_name": "Una", "last_name": "Urban", "email": self.uma.email,
                "system_roles": ["user"], "is_active": "on", "is_available": "on"}  # fmt: skip
        with self.expect("people.changed", "superusers.sent_form", by=self.root):
            self.client.post(person, sent)
        with self.expect("superusers.left", by=self.root):
            self.client.post(reverse("leave_company"))
        with self.expect("superusers.entered", by=self.root, schema="public"):
            self.enter(self.acme)

    def test_a_one_time_link(self) -> None:
        self.log_in(self.root)
        page = reverse("admin:tenants_company_one_time_link", args=[self.acme.pk])
        with self.expect("superusers.one_time_link_made", by=self.root):
            shown = self.client.post(page, {"person": self.alice.pk, "reason": "Locked out"})
        link = shown.context["link"]
        self.client.logout()
        with self.expect("account.one_time_link_used", "account.password_changed"):
            self.client.post(link, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        self.assertNotIn(link.rstrip("/").rpartition("/")[2], self.texts())


class NeverTests(EventCase):
    def test_kept_secrets_are_not_in_the_log(self) -> None:
        """Of everything that the database keeps encrypted, and of the codes made from it."""
        self.log_in(self.uma)
        page = reverse("admin:account_second_factor")
        self.client.get(page)
        secret = self.client.session["second_factor_secret"]
        shown = self.client.post(page, {"verb": "activate", "code": code_of(secret)})
        secrets = [*shown.context["codes"], secret, make_one_time_link(
            person=self.alice, reason="x", removes_second_factor=False
        )]  # fmt: skip
        for kept in Authenticator.objects.all():
            secrets += [decrypt(kept.data[n]) for n in ("secret", "seed") if n in kept.data]
        texts = self.texts()
        self.assertIn("second_factor_set", texts)
        for each in secrets:
            self.assertNotIn(each, texts)
        self.assertTrue(SystemRole)
