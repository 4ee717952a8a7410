"""Whose person somebody is, and what the audit log says of a change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.errors import OtherCompanyError
from tenants.models import Company, User

PERSON_CHANGED = declare("people.changed", _("Changed a person"))


def ensure_own(person: User, company: Company) -> None:
    """Whatever the object says: it goes by the database where the person is there already.

    Raises:
        OtherCompanyError: the person is not of this company, or a superuser.
    """
    owner = person.company_id
    if not person._state.adding:
        owner = User.objects.filter(pk=person.pk).values_list("company", flat=True).first()
    if owner != company.pk or person.is_superuser:
        raise OtherCompanyError
