from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from tenants.roles import sync_system_roles


class TicketsConfig(AppConfig):
    """Ticket types, tickets, their errors, and the jobs that move them."""

    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        # What people are told is written with the events of steps: see WITH_EVENT.
        import_module("tickets.notices.kinds")
        # The time of a task begins with the end of its question: see QUESTION_ENDED.
        import_module("tickets.advancing.set_timers")
        # Whoever begins with a task takes it from an assistant: see WITH_EVENT.
        import_module("tickets.advancing.offers")
        # What has started a ticket is told that it has ended: see WITH_EVENT.
        import_module("tickets.advancing.subticket_jobs")
        # Nobody waits for an answer of who left: see ASKED_OF.
        import_module("tickets.conversation.go_on")
        import_module("tickets.notices.of_events")
        import_module("tickets.notices.of_deputies")
        import_module("tickets.webhooks.of_events")
        # And so is what searches find.
        import_module("tickets.finding.write_entries")
        import_module("tickets.taking_part.ways_to_see")
        # Whoever has a task may do it: see MORE_PERMISSIONS.
        import_module("tickets.seeing.task_holders")
        # Mails to the addresses of ticket types become tickets: see OTHER_ADDRESSES.
        import_module("tickets.arriving.take_mail_to_type")
        # Tickets that start by themselves follow their definitions: see STARTS_MOVED.
        import_module("tickets.starting.follow_starts")
        # And whoever publishes one is told that nobody could start them: see MORE_PROBLEMS.
        import_module("tickets.starting.check_persons")
        # And they name people at their new addresses: see NEW_ADDRESS.
        import_module("tickets.company_data.follow_address")
        # Steps that send a mail: see SEND_MESSAGE.
        import_module("tickets.mailing.send_message")
        # And forms for people outside: see MAIL_LINK.
        import_module("tickets.outside.mail_link")
        # Those that do not arrive are ticket errors: see MAIL_GIVEN_UP.
        import_module("tickets.undelivered.keep_error")
        # The mail about the end of a ticket offers to rate it.
        import_module("tickets.rating.rating_link")
        # The last app with models: when its turn comes, the permissions of all apps are there.
        post_migrate.connect(sync_system_roles, sender=self, dispatch_uid="sync_system_roles")
