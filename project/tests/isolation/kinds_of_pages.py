"""Which pages are unlike others, each for its reason."""

from __future__ import annotations

from django.db.models import Model

from tickets.models import FileUpload, Message, SavedView, Ticket

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
    "api",  # it knows tokens alone: programs/tests/test_api.py asks every operation as others
    "api_document",  # the same for everybody
    "api_reference",
    "callback",  # likewise: the address that it is asked at is signed
    "way_in",  # likewise, and so is what is sent
    "way_in_answer",
    "health",
    "ready",
    "metrics",
    "mcp",  # its token lets in: project/programs/tests/test_assistants_isolation.py
    "oauth_token",  # a program's code or token lets in: tenants/connecting/tests
    "oauth_revoke",
    "oauth_register",  # keeps nothing
    "mcp_metadata",  # these seven say the same to everybody
    "api_metadata",
    "resource_metadata",
    "server_metadata",
    "llms_txt",
    "described",
    "bundle_schema",
}
# They have no page of their own: views stand above the lists.
SHOWN_BY_OTHERS: set[type[Model]] = {SavedView}
# Who sees the ticket sees its files; no role is given them of themselves.
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
    "admin:account_connect",
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
    "oauth_token",
    "oauth_revoke",
    "oauth_register",
    "mcp_metadata",
    "api_metadata",
    "resource_metadata",
    "server_metadata",
    "llms_txt",
    "described",
    "bundle_schema",
    "api",
    "api_document",
    "api_reference",
}
OURS = ("project", "tenants", "workflows", "tickets")
