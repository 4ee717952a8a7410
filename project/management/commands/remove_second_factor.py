from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.account.log_ins import end_log_ins
from tenants.logging_in.second_factor import remove_second_factor
from tenants.models import User


class Command(BaseCommand):
    """For the last superuser who has lost app and recovery codes."""

    help = "Removes the second factor of a person, who then logs in with the password alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The e-mail address that the person logs in with.")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email=email).first()
        if person is None:
            raise CommandError(_("Nobody logs in with %(email)s.") % {"email": email})
        if not remove_second_factor(user=person):
            raise CommandError(_("%(person)s has no second factor.") % {"person": person})
        end_log_ins(person=person, names=None, keep=None)
        self.stdout.write(_("%(person)s has no second factor any more.") % {"person": person})
