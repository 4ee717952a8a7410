from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.errors import TenantsError
from tenants.roles import SystemRole
from tickets.demo import COMPANY, PASSWORD, PEOPLE, ROOT, load_demo


class Command(BaseCommand):
    help = (
        "Make the demo company with people, processes and tickets. What is there already is left "
        "as it is. Its password is known to everybody: only where DEBUG or DEMO is set."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError(
                _("The demo has log-ins that everybody knows: set DEMO=1 where that is wanted.")
            )
        try:
            load_demo()
        except TenantsError as error:
            raise CommandError(
                _("The demo company could not be made: %(reason)s") % {"reason": error}
            ) from error
        self.stdout.write(_("The demo company is %(company)s.") % {"company": COMPANY})
        # The log-ins are the last paragraph: dev.py shows it.
        self.stdout.write("")
        for line in _log_ins():
            self.stdout.write(line)


def _log_ins() -> Iterator[str]:
    """A table: the role, the e-mail address, the password."""
    rows = [(_("Role"), _("E-mail"), _("Password"))]
    for each in PEOPLE:
        names = [str(role.label) for role in each.roles if role != SystemRole.USER]
        roles = ", ".join(names or [str(each.roles[0].label)])
        company_roles = f" ({', '.join(each.company_roles)})" if each.company_roles else ""
        rows.append((roles + company_roles, each.email, PASSWORD))
    rows.append((_("Superuser (all companies)"), ROOT, PASSWORD))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for role, email, password in rows:
        yield f"{role:<{widths[0]}}  {email:<{widths[1]}}  {password}"
