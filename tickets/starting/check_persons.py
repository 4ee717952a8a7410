"""As whose tickets those of a definition would start: told before it is published.

Otherwise it came out on the day on which the first is due, when it is paused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from tenants.models import Company, User
from tenants.names import plain_email
from tickets.models import RecurringStart
from workflows.authoring.publishing.more_problems import MORE_PROBLEMS
from workflows.bundles.document.problems import Problem, path_in_words
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import JsonObject
from workflows.engine.starts import StartSpec
from workflows.models import CompanyRole


@MORE_PROBLEMS.register
def start_person_problems(document: JsonObject, by: User | None) -> list[Problem]:
    """Starts as the tickets of nobody who may submit them, if `by` publishes the document.

    Two queries where there are starts, and a few for each of them.
    """
    types = [each for each in Outline(document).ticket_types if each.value.get("starts")]
    if not types:
        return []
    check = _Check(by, [each.text("key") for each in types])
    found = [problem for each in types for problem in check.problems(each)]
    return [replace(each, where=path_in_words(document, each.path)) for each in found]


class _Check:
    def __init__(self, by: User | None, keys: list[str]) -> None:
        self.by = by
        self.company = Company.objects.current()
        rows = RecurringStart.objects.filter(type_key__in=keys).select_related("person")
        self.kept = {(each.type_key, each.key): each.person for each in rows}

    def problems(self, ticket_type: Entry) -> Iterator[Problem]:
        starts = ticket_type.value.get("starts")
        for index, entry in enumerate(starts if isinstance(starts, list) else []):
            spec = StartSpec.of(entry) if isinstance(entry, dict) else None
            message = "" if spec is None else self._problem(ticket_type, spec)
            if spec is not None and message:
                path = (*ticket_type.path, "starts", index, "on_behalf_of")
                yield Problem(path, message, spec.email or None)

    def _problem(self, ticket_type: Entry, spec: StartSpec) -> str:
        """As `follow_starts` finds out as whose ticket it starts."""
        key = (ticket_type.text("key"), spec.key)
        if spec.email:
            people = User.objects.active().filter(company=self.company)
            person = people.filter(email=plain_email(spec.email)).first()
            if self._may(person, ticket_type):
                return ""
            message = _(
                "%(person)s may not submit this ticket type, so that none would start. Name "
                "somebody who is active and may."
            )
            return message % {"person": spec.email}
        if key in self.kept:
            person = self.kept[key]
            if self._may(person, ticket_type):
                return ""
            message = _(
                "It starts on behalf of %(person)s, who may not submit this ticket type, so that "
                "none would start. Name somebody who is active and may."
            )
            return message % {"person": person or _("nobody")}
        if self.by is None or self._may(self.by, ticket_type):
            return ""
        return _(
            "Nobody is named on whose behalf it starts, and you may not submit this ticket type "
            "yourself, so that none would start. Name somebody who may."
        )

    def _may(self, person: User | None, ticket_type: Entry) -> bool:
        if person is None or not person.is_active or person.company_id != self.company.pk:
            return False
        if not person.has_perm("tickets.add_myticket"):
            return False
        names = ticket_type.value.get("roles_with_access")
        roles = [str(each) for each in names] if isinstance(names, list) else []
        return not roles or any(self._is_in(person, each) for each in roles)

    def _is_in(self, person: User, role: str) -> bool:
        return CompanyRole.objects.named(role).filter(members=person).exists()
