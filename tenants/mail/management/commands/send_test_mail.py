from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext

from tenants.mail.handing_over import NotHandedOverError, hand_over
from tenants.mail.message import in_ascii, message_of
from tenants.mail.models import OutgoingMail
from tenants.mail.outbox import message_id_of
from tenants.mail.set_up import is_mail_set_up, sender
from tenants.mail.writing import write


class Command(BaseCommand):
    """Sends a mail at once, past the outbox, and says what the server says."""

    help = "Sends a test mail to an address, and says what the mail server answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="Where the mail goes, such as you@example.com.")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        now = timezone.now()
        written = write("mail/test")
        name = f"test-{now:%Y%m%d%H%M%S}"
        mail = OutgoingMail(
            to=address,
            subject=gettext("A test of TicketFlower"),
            text=written.text,
            html=written.html,
            message_id=message_id_of(name),
            created_at=now,
        )
        try:
            hand_over(
                message_of(mail), to=in_ascii(address), name=name, before_the_end=lambda: True
            )
        except ValueError as error:
            raise CommandError(f"“{address}”: {error}") from error
        except NotHandedOverError as error:
            raise CommandError(f"The mail was not sent. {error.reason}") from error
        if is_mail_set_up():
            self.stdout.write(
                f"{settings.MAIL_HOST}:{settings.MAIL_PORT} has taken a mail from {sender()[1]} to "
                f"{address}. Whether it arrives is seen there; look among unwanted mail, too."
            )
        else:
            self.stdout.write(
                f"MAIL_HOST is not set, so the mail was written to "
                f"{settings.MAIL_FOLDER / f'{name}.eml'}."
            )
