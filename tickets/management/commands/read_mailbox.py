from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.mail.incoming.mailbox import MailboxError, is_mailbox_set_up
from tickets.replying.read_mailbox import read_mailbox


class Command(BaseCommand):
    """Does once what the worker does every minute."""

    help = "Reads the mailbox for replies once, and says what became of the mails in it."

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_mailbox_set_up():
            raise CommandError("MAIL_IN_HOST is not set: there is no mailbox to read.")
        try:
            found = read_mailbox()
        except MailboxError as error:
            raise CommandError(f"The mailbox cannot be read. {error}") from error
        where = f"{settings.MAIL_IN_HOST}:{settings.MAIL_IN_PORT}"
        if found is None:
            self.stdout.write(f"{where}: another process is reading it.")
            return
        said = ", ".join(f"{count} {what}" for what, count in sorted(found.items()))
        self.stdout.write(f"{where}: {said or 'no new mail'}.")
