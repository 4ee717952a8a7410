"""Registers the screens of definitions, people and company roles: a line for each file of pages."""

from workflows.audit_log.pages import audit_event
from workflows.authoring.definitions.pages import (
    download_page,
    task_definition,
    workflow_definition,
)
from workflows.authoring.editing.pages import (
    answers_form,
    carry_page,
    editor_page,
    editor_requests,
)
from workflows.authoring.gallery.pages import gallery_page
from workflows.authoring.importing.pages import import_page, import_run_page
from workflows.authoring.publishing.pages import publish_page, versions_page
from workflows.authoring.task_definitions.pages import (
    download_tasks_page,
    tasks_panel,
    upload_tasks_page,
)
from workflows.authoring.ticket_types.pages import offer_page, ticket_definition
from workflows.authoring.trying.pages import cases_page, try_page, try_visible
from workflows.fields.person.pages import people_search
from workflows.people.invitations.pages import invite_page
from workflows.people.pages import absence_page, company_role, everybody, service_accounts
from workflows.signing.pages import signing_secret
from workflows.working_hours.pages import business_calendar
