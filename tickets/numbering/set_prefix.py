"""What stands before the numbers of a company's tickets: ACME makes ACME-12 of #12."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import Company

PREFIX_CHANGED = declare("company.ticket_prefix_changed", _("Changed the prefix of ticket numbers"))


def set_prefix(*, company: Company, prefix: str) -> None:
    """Give the tickets of the active company another prefix; empty: none.

    Raises:
        ValidationError: it is none; see tenants.models.company.PREFIX.
    """
    with transaction.atomic():
        locked = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        old, locked.ticket_prefix = locked.ticket_prefix, prefix
        if old == prefix:
            return
        locked.clean_fields(
            exclude=[each.name for each in locked._meta.fields if each.name != "ticket_prefix"]
        )
        locked.save(update_fields=["ticket_prefix"])
        record(PREFIX_CHANGED, about=locked, changes={"ticket_prefix": (old, prefix)})
    company.ticket_prefix = prefix
