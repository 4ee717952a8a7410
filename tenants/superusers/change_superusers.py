"""What changes superusers: who runs the installation, and belongs to no company.

Nobody becomes a superuser here who was a person of a company, or the other way round.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record_in_installation
from tenants.errors import LastSuperuserError, NotASuperuserError, OwnAccountError
from tenants.models import User
from tenants.services import save_user

SUPERUSER_ADDED = declare("superusers.added", _("Added a superuser"))
SUPERUSER_CHANGED = declare("superusers.changed", _("Changed a superuser"))

# What is written of a superuser, and no more, whatever the object that is handed in says.
EDITABLE = ("email", "first_name", "last_name", "is_active")


def create_superuser(*, email: str, first_name: str, last_name: str, password: str) -> User:
    """Make somebody who runs the installation.

    Raises:
        EmailInUseError: somebody, of whatever company, has this e-mail address.
    """
    superuser = User(
        email=email, first_name=first_name, last_name=last_name, is_superuser=True, is_staff=True
    )
    superuser.set_password(password)
    with transaction.atomic():
        save_user(user=superuser)
        record_in_installation(SUPERUSER_ADDED, about=superuser, email=superuser.email)
    return superuser


def save_superuser(*, superuser: User, by: User) -> None:
    """Save a superuser who is there already: EDITABLE of them.

    Raises:
        NotASuperuserError: it is somebody of a company.
        EmailInUseError: somebody, of whatever company, has this e-mail address.
        OwnAccountError: somebody deactivates themselves.
        LastSuperuserError: no active superuser would be left.
    """
    with transaction.atomic():
        # All of them first, so that two cannot each deactivate the other at the same moment.
        everybody = User.objects.superusers().order_by("pk").select_for_update(no_key=True)
        stored = {each.pk: each for each in everybody}.get(superuser.pk)
        if stored is None:
            raise NotASuperuserError
        if superuser.pk == by.pk and not superuser.is_active:
            raise OwnAccountError
        save_user(user=superuser, fields=EDITABLE)
        changes = changed(
            *({name: getattr(each, name) for name in EDITABLE} for each in (stored, superuser))
        )
        if changes:
            record_in_installation(SUPERUSER_CHANGED, about=superuser, changes=changes)
        if not User.objects.superusers().active().exists():
            raise LastSuperuserError
