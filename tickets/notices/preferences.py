"""How people want to be told by mail. In the app every notice is listed."""

from __future__ import annotations

from collections.abc import Mapping

from tenants.models import User
from tickets.models import NoticePreferences
from tickets.notices.kinds.kind import ByMail, NoticeKind, kinds_for


def wish_of(kind: NoticeKind, chosen: object) -> ByMail:
    """What counts for a kind; `chosen` are a person's preferences: {kind: wish}, or nothing."""
    wish = ByMail.read(chosen.get(str(kind))) if isinstance(chosen, dict) else None
    return wish or kind.declared.by_mail


def wishes_of(person: User) -> dict[NoticeKind, ByMail]:
    """For each kind that may reach the person. Two queries."""
    found = NoticePreferences.objects.filter(person=person).values_list("mail", flat=True).first()
    return {kind: wish_of(kind, found) for kind in kinds_for(person.system_roles())}


def set_wishes(*, person: User, wishes: Mapping[NoticeKind, ByMail]) -> None:
    """Keep what a person wants of these kinds; of others, what they have chosen before stays."""
    row, _made = NoticePreferences.objects.get_or_create(person=person)
    known = row.mail if isinstance(row.mail, dict) else {}
    row.mail = {**known, **{str(kind): wish.value for kind, wish in wishes.items()}}
    row.save(update_fields=["mail"])
