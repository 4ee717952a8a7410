"""What people say of themselves: their name, and how they read TicketFlower."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record_of_person
from tenants.models import User

PROFILE_CHANGED = declare("account.profile_changed", _("Changed their profile"))
OWN_FIELDS: Final = ("first_name", "last_name", "language", "time_zone")


def save_profile(*, person: User) -> bool:
    """Save the fields that are a person's own; whether one of them has changed."""
    with transaction.atomic():
        stored = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=person.pk)
        old = stored.values(*OWN_FIELDS).get()
        changes = changed(old, {name: getattr(person, name) for name in OWN_FIELDS})
        if changes:
            User.objects.filter(pk=person.pk).update(
                **{name: new for name, (_old, new) in changes.items()}
            )
            record_of_person(PROFILE_CHANGED, about=person, changes=changes)
    return bool(changes)
