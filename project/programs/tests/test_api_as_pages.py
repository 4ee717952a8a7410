"""Whatever a person does on a page, a program does by an operation, or a sentence says why not.

The addresses are those of `test_audit.py`, which is complete. When a test asks for one, name in
BY_PROGRAMS the operations that do the same, or say in BY_PEOPLE why a program does not do it. What
people read of this stands in docs/api.md, “What no program does”.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.test import SimpleTestCase

from project.tests.test_audit import NOTHING_TO_RECORD, RECORDED
from tenants.account.password_again import ASKED_AT
from tenants.api.operations import READS, declared_operations

BY_PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    # People and company roles
    "admin:tenants_user_change": ("change_person", "change_access"),
    "admin:tenants_user_changelist": ("release_tasks_of",),
    "admin:tenants_user_invite": ("invite_people", "invite_again", "withdraw_invitation"),
    "admin:tenants_user_absence": ("plan_absence_of",),
    "admin:tenants_user_process_import": ("invite_people", "change_person", "change_access"),
    "admin:tenants_user_import": ("list_people",),
    "admin:tenants_user_export": ("list_people",),
    "admin:workflows_companyrole_add": ("create_role",),
    "admin:workflows_companyrole_change": ("change_role",),
    "admin:workflows_companyrole_delete": ("delete_role",),
    "admin:workflows_companyrole_changelist": ("delete_role",),
    "admin:workflows_companyrole_process_import": ("create_role", "change_role"),
    "admin:workflows_companyrole_import": ("list_roles",),
    "admin:workflows_companyrole_export": ("list_roles",),
    "admin:audit_auditevent_export": ("list_audit_events",),
    # Definitions
    "admin:workflows_ticketdefinition_export": ("list_offers",),
    "admin:workflows_ticketdefinition_process_import": ("change_offer", "save_draft"),
    "admin:workflows_ticketdefinition_import": ("list_offers",),
    "admin:workflows_ticketdefinition_offer": ("change_offer",),
    "admin:workflows_ticketdefinition_keep": ("set_kept",),
    "admin:workflows_ticketdefinition_starts": (
        "pause_recurring_start",
        "resume_recurring_start",
    ),
    # They stand in the ticket types of a bundle.
    "admin:workflows_ticketdefinition_new_start": ("save_draft", "publish_workflow"),
    "admin:workflows_ticketdefinition_start": ("save_draft", "publish_workflow"),
    "admin:workflows_taskdefinition_upload": ("save_draft",),
    "admin:workflows_workflowdefinition_download": ("get_workflow",),
    "admin:workflows_workflowdefinition_new": ("begin_workflow",),
    "admin:workflows_workflowdefinition_duplicate": ("duplicate",),
    "admin:workflows_workflowdefinition_start_editing": ("begin_draft",),
    "admin:workflows_workflowdefinition_edit": ("save_draft",),
    "admin:workflows_workflowdefinition_import": ("check_workflow", "create_draft"),
    "admin:workflows_workflowdefinition_import_run": ("create_draft",),
    "admin:workflows_workflowdefinition_delete_draft": ("delete_draft",),
    "admin:workflows_workflowdefinition_stop_offering": ("retire_workflow",),
    "admin:workflows_workflowdefinition_bring_back": ("bring_back",),
    "admin:workflows_workflowdefinition_publish": ("check_publishable", "publish_workflow"),
    "admin:workflows_workflowdefinition_tests": ("run_test_cases", "save_draft"),
    "admin:workflows_workflowdefinition_try": ("try_workflow", "save_draft"),
    "admin:workflows_workflowdefinition_move_tickets": ("replay_workflow", "move_tickets"),
    # One's own tickets
    "admin:tickets_myticket_add": (
        "submit_a_ticket",
        "submit_ticket_for",
        "reopen_ticket",
        "save_new_ticket",
        "save_ticket_again",
    ),
    "admin:tickets_myticket_discard": ("discard_saved_ticket",),
    "admin:tickets_myticket_rate": ("rate_ticket",),
    "admin:tickets_myticket_withdraw": ("withdraw_ticket",),
    # What is said on a ticket, and its files
    "admin:tickets_message_conversation": ("add_message", "ask_requester"),
    "admin:tickets_message_edit": ("edit_message",),
    "admin:tickets_message_hide": ("hide_message",),
    "admin:tickets_message_show": ("show_message",),
    "admin:tickets_message_follow": ("follow_ticket",),
    "admin:tickets_message_link": ("link_tickets",),
    "admin:tickets_message_unlink": ("unlink_tickets",),
    "admin:tickets_message_duplicate": ("close_as_duplicate",),
    "admin:tickets_message_go_on": ("go_on_without_answer",),
    "admin:tickets_fileupload_upload": ("upload_file",),
    "admin:tickets_fileupload_file": ("add_file_version",),
    "admin:tickets_cannedreply_add": ("add_canned_reply",),
    "admin:tickets_cannedreply_change": ("change_canned_reply",),
    "admin:tickets_cannedreply_delete": ("remove_canned_reply",),
    "admin:tickets_cannedreply_changelist": ("remove_canned_reply",),
    "admin:tickets_cannedreply_process_import": ("add_canned_reply", "change_canned_reply"),
    "admin:tickets_cannedreply_import": ("list_canned_replies",),
    "admin:tickets_cannedreply_export": ("list_canned_replies",),
    # Tasks
    "admin:tickets_mytask_change": ("complete_task", "save_task"),
    "admin:tickets_mytask_start": ("start_task",),
    # Whoever begins with a task takes it from the assistant, which may hand it back itself.
    "admin:tickets_mytask_take": ("start_task", "hand_back_task"),
    "admin:tickets_mytask_claim": ("claim_task",),
    "admin:tickets_mytask_release": ("release_task",),
    "admin:tickets_mytask_changelist": ("complete_tasks",),
    "admin:tickets_mytask_complete_many": ("complete_tasks",),
    "admin:tickets_mytask_discard": ("discard_saved_task",),
    "admin:tickets_mytask_hand_over": ("hand_on_task",),
    "admin:tickets_mytask_hand_on": ("release_own_tasks",),
    "admin:tickets_mytask_take_over": ("take_over_task",),
    "admin:tickets_mytask_availability": ("set_own_availability",),
    "admin:tickets_mytask_absence": ("plan_own_absence",),
    # All tickets
    "admin:tickets_ticket_priority": ("set_priority",),
    "admin:tickets_ticket_changelist": ("change_tickets",),
    "admin:tickets_bulkchange_change": ("go_on_with_change",),
    "admin:tickets_ticket_repair": (
        "retry_error",
        "correct_answers",
        "correct_output",
        "correct_input",
        "finish_task",
        "reassign_task",
        "repair_ticket",
    ),
    "admin:tickets_ticketerror_changelist": ("retry_errors",),
    "admin:tickets_bulkretry_change": ("go_on_with_retry",),
    "admin:tickets_ticketerror_review": ("review_error",),
    "admin:tickets_ticketerror_resolve": ("resolve_error",),
    "admin:tickets_ticket_export": ("list_tickets",),
    "admin:tickets_ticket_report_export": ("get_report",),
    "admin:workflows_taskinstance_export": ("list_tasks_of_ticket",),
    # Settings
    "admin:workflows_businesscalendar": ("set_working_hours",),
    "admin:tenants_user_ticket_numbers": ("set_ticket_prefix",),
    "admin:tickets_webhook_pause": ("pause_webhook",),
    "admin:tickets_webhook_test": ("test_webhook",),
    "admin:tickets_webhook_delete": ("delete_webhook",),
    "admin:tickets_webhookdelivery_send_again": ("send_delivery_again",),
    # Notices
    "admin:notices": ("read_notices",),
    "admin:notices_bell": ("read_notice",),
    "admin:notice_preferences": ("set_mail_wishes",),
}
_LOG_IN: Final = "logging in, and what one's own log-in is made of, is a person's"
_SECRET: Final = "a secret is made or shown, or where data is led to is changed: password again"
_COMPANY: Final = "the company as a whole, its data and its log-in are an admin's, password again"
_PASSWORD: Final = "a password is set for somebody"
_SUPERUSER: Final = "superusers have no tokens"
_DOOR: Final = "a door for others: outside people, mails, other systems, browsers"
_SCREEN: Final = "it helps to fill in a form on a screen; a program sends all of it"
_MAILS: Final = "mails hold links that let people in: who looks after the mail sends them again"
_MODEL: Final = "a program that has a model of its own sends the bundle"
# Why a program does not do it.
BY_PEOPLE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "admin:login",
            "admin:logout",
            "admin:passkey_log_in",
            "admin:company_log_in",
            "admin:company_log_in_at",
            "admin:second_factor",
            "admin:password_change",
            "admin:account_address",
            "admin:account_company_log_in",
            "admin:account_connect",
            "admin:account_profile",
            "admin:account_second_factor",
            "admin:account_sessions",
            "new_address",
            "forgotten_password",
            "one_time_link",
            "invitation",
            "oauth_register",
            "oauth_revoke",
            "oauth_token",
        ),
        _LOG_IN,
    ),
    **dict.fromkeys(
        (
            "admin:account_token_new",
            "admin:account_tokens",
            "admin:tenants_user_accounts",
            "admin:tenants_user_account",
            "admin:tenants_user_account_new",
            "admin:tenants_user_account_token",
            "admin:workflows_signingsecret_show",
            "admin:workflows_signingsecret_rotate",
            "admin:workflows_ticketdefinition_ways_in",
            "admin:tickets_webhook_add",
            "admin:tickets_webhook_edit",
            "admin:tickets_webhook_resume",
            "admin:tickets_webhook_secret",
        ),
        _SECRET,
    ),
    **dict.fromkeys(
        (
            "admin:tenants_company_data",
            "admin:tenants_company_archive",
            "admin:tenants_company_deletion",
            "admin:tenants_company_restore",
            "admin:tenants_user_erase",
            "admin:workflows_contact_erase",
            "admin:tenants_user_identity_provider",
            "admin:tenants_user_second_factor",
            "admin:tenants_user_second_factors",
        ),
        _COMPANY,
    ),
    **dict.fromkeys(("admin:tenants_user_add", "admin:auth_user_password_change"), _PASSWORD),
    **dict.fromkeys(
        (
            "admin:tenants_company_add",
            "admin:tenants_company_change",
            "admin:tenants_company_invitations",
            "admin:tenants_company_one_time_link",
            "enter_company",
            "leave_company",
        ),
        _SUPERUSER,
    ),
    **dict.fromkeys(
        (
            "sign_up",
            "sign_up_by_mail",
            "invited_sign_up",
            "api",
            "mcp",
            "metrics",
            "callback",
            "way_in",
            "way_in_answer",
            "mail_in",
            "outside_form",
            "outside_form_visible",
            "public_start",
            "public_start_visible",
            "confirm_start",
            "rate_ticket",
            "stop_mail",
            "demo_accounting",
        ),
        _DOOR,
    ),
    **dict.fromkeys(
        (
            "admin:jsi18n",
            "admin:index",
            "admin:tickets_mytask_visible",
            "admin:tickets_myticket_visible",
            "admin:tickets_ticket_repair_visible",
            "admin:tickets_savedview_save",
            "admin:tickets_savedview_edit",
            "admin:tickets_savedview_delete",
            "admin:workflows_workflowdefinition_try_visible",
            "admin:workflows_workflowdefinition_editor_answers",
            "admin:workflows_workflowdefinition_editor_carry",
            "admin:workflows_workflowdefinition_editor_check",
            "admin:workflows_workflowdefinition_editor_condition",
            "admin:workflows_workflowdefinition_editor_form",
            "admin:workflows_workflowdefinition_editor_number",
            "admin:workflows_workflowdefinition_editor_sample",
            "admin:workflows_workflowdefinition_editor_transform",
            "admin:workflows_workflowdefinition_gallery_use",
        ),
        _SCREEN,
    ),
    **dict.fromkeys(
        ("admin:mail_outgoingmail_send_again",),
        _MAILS,
    ),
    **dict.fromkeys(
        (
            "admin:workflows_workflowdefinition_describe",
            "admin:workflows_workflowdefinition_described",
        ),
        _MODEL,
    ),
}
# The password is asked again on the page; a token with `people:write` was made with it.
WITH_PEOPLE_WRITE: Final = frozenset(
    {
        "admin:tenants_user_change",
        "admin:tenants_user_import",
        "admin:tenants_user_invite",
        "admin:tenants_user_process_import",
        "admin:workflows_companyrole_add",
        "admin:workflows_companyrole_change",
        "admin:workflows_companyrole_import",
        "admin:workflows_companyrole_process_import",
    }
)


class AsPagesTests(SimpleTestCase):
    def test_every_page_has_its_operation_or_says_why_not(self) -> None:
        pages = {*RECORDED, *NOTHING_TO_RECORD}
        missing = sorted(pages - set(BY_PROGRAMS) - set(BY_PEOPLE))
        self.assertEqual(missing, [], f"Name their operations in {__name__}, or say why not.")
        self.assertEqual(sorted({*BY_PROGRAMS, *BY_PEOPLE} - pages), [])
        self.assertEqual(set(BY_PROGRAMS) & set(BY_PEOPLE), set())

    def test_every_operation_that_changes_something_is_that_of_a_page(self) -> None:
        named = {name for names in BY_PROGRAMS.values() for name in names}
        declared = {each.name: each for each in declared_operations()}
        self.assertEqual(sorted(named - set(declared)), [])
        changing = {name for name, each in declared.items() if each.method not in READS}
        self.assertEqual(sorted(changing - named), [])

    def test_where_the_password_is_asked_again_a_program_needs_the_scope_for_people(self) -> None:
        declared = {each.name: each for each in declared_operations()}
        asked = {page for page in BY_PROGRAMS if page in ASKED_AT}
        self.assertEqual(asked, WITH_PEOPLE_WRITE)
        for page in asked:
            for name in BY_PROGRAMS[page]:
                if declared[name].method not in READS:
                    self.assertEqual(declared[name].scope, "people:write", name)
