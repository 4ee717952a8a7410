"""A person names who stands in for them, or an admin does: see workflows/running/deputies.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.errors import OtherCompanyError
from tenants.hooks import Hook
from tenants.models import Company, User
from workflows.errors import DeputyError
from workflows.running.deputies import possible_deputies, tell_deputies

DEPUTY_NAMED = declare("people.deputy_named", _("Named who stands in for somebody"))

# With a person, and whom they have named: who is told of it is a subject's above.
NAMED: Hook[[User, User], None] = Hook()


def name_deputy(
    *,
    user: User,
    deputy: User | None,
    plan: Mapping[str, datetime | None] | None = None,
    actor: User | None = None,
) -> None:
    """Note who stands in while a person is away; None: nobody. It stays until it is changed.

    `plan` is `away_from` and `away_until` as they are about to be, for what the deputy is told.

    Raises:
        DeputyError: the deputy is not active, does no tasks, or is of another company; or it is
            the person themselves.
        OtherCompanyError: the person is not of the company that the connection is set to.
    """
    with transaction.atomic():
        people = User.objects.of_company(Company.objects.current()).filter(pk=user.pk)
        stored = people.select_for_update(of=("self",), no_key=True).first()
        if stored is None:
            raise OtherCompanyError
        if (None if deputy is None else deputy.pk) == stored.deputy_id:
            return
        if deputy is not None and not possible_deputies(stored).filter(pk=deputy.pk).exists():
            raise DeputyError
        before = stored.deputy
        stored.deputy = user.deputy = deputy
        stored.save(update_fields=["deputy"])
        names = (_name(before), _name(deputy))
        record(DEPUTY_NAMED, about=stored, changes={"deputy": names}, person=actor)
        for name, moment in (plan or {}).items():
            setattr(stored, name, moment)
        goes_now = stored.away_from is not None and stored.away_from <= timezone.now()
        if deputy is not None and stored.is_available and not goes_now:
            NAMED.call_all(stored, deputy)
        tell_deputies(stored)


def _name(person: User | None) -> str:
    return "" if person is None else str(person)
