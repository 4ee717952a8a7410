"""Registers the screens of definitions, people and company roles: a module for each model."""

from workflows.authoring.definitions.pages import task_definition, workflow_definition
from workflows.authoring.publishing.pages import versions_page
from workflows.authoring.ticket_types.pages import ticket_definition
from workflows.authoring.trying.pages import cases_page, try_page
from workflows.people.pages import company_role, person
