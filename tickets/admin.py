"""Registers the screens of tickets with the admin site: a module for each."""

from tickets.files.pages import files
from tickets.moving.pages import move_page
from tickets.overseeing import tickets_of_definitions
from tickets.overseeing.pages import task_instance, ticket
from tickets.repairing.pages import ticket_error
from tickets.replaying.pages import replay_page
from tickets.submitting.pages import ticket_form
from tickets.working.pages import my_task
