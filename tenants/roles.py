"""The system roles: what each may do, in one table.

A system role is a Django Group of the same name. The table is written to the database
after every migration, so that the code is the only place where it is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.connection import in_public


class SystemRole(models.TextChoices):
    """What a person does in TicketFlower; a person may have several."""

    ADMIN = "admin", _("Company admin")
    USER = "user", _("User")
    TICKET_ADMIN = "ticket_admin", _("Ticket admin")
    TASK_WORKER = "task_worker", _("Task worker")
    WORKFLOW_CREATOR = "workflow_creator", _("Workflow creator")


ROLE_DESCRIPTIONS: Mapping[SystemRole, Any] = {
    SystemRole.ADMIN: _("Manages the people and the company roles."),
    SystemRole.USER: _("Submits tickets and follows them."),
    SystemRole.TICKET_ADMIN: _("Sees all tickets and repairs what went wrong."),
    SystemRole.TASK_WORKER: _("Is given tasks and completes them."),
    SystemRole.WORKFLOW_CREATOR: _("Describes how work flows and publishes it."),
}

# A permission is "app.action_model". MyTicket and MyTask are the screens of the people who
# submitted a ticket or were given a task; Ticket and TaskInstance show everybody's.
ROLE_PERMISSIONS: Mapping[SystemRole, tuple[str, ...]] = {
    SystemRole.ADMIN: (
        "tenants.view_user",
        "tenants.add_user",
        "tenants.change_user",
        "tenants.manage_company_data",
        "tickets.view_report",
        "workflows.view_contact",
        "tickets.view_webhook",
        "tickets.add_webhook",
        "tickets.change_webhook",
        "tickets.delete_webhook",
        "tickets.view_webhookdelivery",
        "tickets.change_webhookdelivery",
        "workflows.view_companyrole",
        "workflows.add_companyrole",
        "workflows.change_companyrole",
        "workflows.delete_companyrole",
        "workflows.view_signingsecret",
        "workflows.change_signingsecret",
        "workflows.view_businesscalendar",
        "workflows.change_businesscalendar",
        "audit.view_auditevent",
        "mail.view_outgoingmail",
        "mail.change_outgoingmail",
        "mail.view_receivedmail",
    ),
    SystemRole.USER: (
        "tickets.view_myticket",
        "tickets.add_myticket",
    ),
    SystemRole.TICKET_ADMIN: (
        "workflows.view_contact",
        "tickets.view_ticket",
        "tickets.change_ticket",
        "tickets.view_ticketerror",
        "tickets.view_report",
        "tickets.change_ticketerror",
        "tickets.view_cannedreply",
        "tickets.add_cannedreply",
        "tickets.change_cannedreply",
        "tickets.delete_cannedreply",
        "workflows.view_taskinstance",
        "workflows.change_taskinstance",
        # To look at, where a ticket went wrong: what its type, its workflow and its tasks say.
        "workflows.view_workflowdefinition",
        "workflows.view_taskdefinition",
        "workflows.view_ticketdefinition",
    ),
    SystemRole.TASK_WORKER: (
        "tickets.view_mytask",
        "tickets.change_mytask",
        # Of their own company roles.
        "tickets.view_cannedreply",
        "tickets.add_cannedreply",
        "tickets.change_cannedreply",
        "tickets.delete_cannedreply",
    ),
    SystemRole.WORKFLOW_CREATOR: (
        "workflows.view_workflowdefinition",
        "workflows.add_workflowdefinition",
        "workflows.change_workflowdefinition",
        "workflows.view_taskdefinition",
        "workflows.view_ticketdefinition",
        "workflows.add_ticketdefinition",
        "workflows.change_ticketdefinition",
        "workflows.view_companyrole",
    ),
}


def sync_system_roles(**_signal: Any) -> None:
    """Make the groups in `public` exactly what ROLE_PERMISSIONS says (a post_migrate receiver).

    Raises:
        LookupError: the table names a permission that no model has.
    """
    if not in_public():
        return
    # Looked up, not imported: the models of people import this module.
    group_model: Any = apps.get_model("auth", "Group")
    permission_model: Any = apps.get_model("auth", "Permission")
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in permission_model.objects.select_related("content_type")
    }
    for role, names in ROLE_PERMISSIONS.items():
        missing = sorted(set(names) - known.keys())
        if missing:
            raise LookupError(f"ROLE_PERMISSIONS names unknown permissions: {', '.join(missing)}")
        group, _created = group_model.objects.get_or_create(name=role.value)
        group.permissions.set([known[name] for name in names])
