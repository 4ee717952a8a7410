"""Approvals that could never be given here, as whoever submits the ticket may not approve.

In a company of one person, or where only those are asked who submit: then publishing says so, and
offers to let the requester approve. Of forms it warns.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tenants.names import plain_email
from workflows.bundles.document.problems import Problem, Severity, path_in_words
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.approvals import ApprovalSpec, Approvers, never_of, vote_key
from workflows.engine.steps.assigning import REQUESTER, AssignRule
from workflows.errors import NotADraftError
from workflows.models import CompanyRole, WorkflowDefinition
from workflows.running.people.workers import colleagues, eligible_workers

ALLOWED = declare("definitions.requester_may_approve", gettext_lazy("Let requesters approve"))


def certain_approval_problems(document: JsonObject, *, is_published: bool) -> list[Problem]:
    """Approvals for which there are too few people, as far as that is certain.

    Errors where the definition is to be published, and letting the requester approve would help.
    """
    found = []
    outline = Outline(document)
    for task in outline.approvals.values():
        message, is_certain = _problem(outline, task)
        if message:
            severity = Severity.ERROR if is_certain and is_published else Severity.WARNING
            path = (*task.path, "never" if is_certain else "approvers")
            where = path_in_words(document, path)
            found.append(replace(Problem(path, message, severity=severity), where=where))
    for task in filter(partial(_never_done, outline), outline.tasks):
        path = (*task.path, "assign_to")
        message = _(
            "Nobody could ever do this: whoever may submit the ticket is the only one who could be "
            "given it, and nobody is given it for a ticket of their own. Let somebody else do it, "
            "too, or leave “never” out."
        )
        where = path_in_words(document, path)
        problem = Problem(path, message, severity=Severity.WARNING)
        found.append(replace(problem, where=where))
    return found


def _never_done(outline: Outline, task: Entry) -> bool:
    """Whether a form is for a group of one, who alone may submit, and is not given their own."""
    rule = AssignRule.of(task.value.get("assign_to"))
    if not task.is_form or not rule.is_for_group or not rule.never_requester:
        return False
    role = CompanyRole.objects.named(task.text("candidate_role")).first()
    if role is None and task.text("candidate_role"):
        return False
    workers = set(eligible_workers(role).values_list("pk", flat=True)[:2])
    return len(workers) == 1 and _submitters(outline) == workers


def only_by_requester(document: JsonObject) -> list[str]:
    """The keys of the approvals that could be given only if the requester may approve, too."""
    outline = Outline(document)
    return [key for key, task in outline.approvals.items() if _problem(outline, task)[1]]


def _problem(outline: Outline, task: Entry) -> tuple[str, bool]:
    """What is wrong, and whether it is certain, and helped by letting the requester approve."""
    spec = ApprovalSpec.of(task.value)
    asked = _asked(spec, task)
    if asked is None:
        return "", False
    words: dict[str, object] = {"needed": spec.fewest, "count": len(asked)}
    if len(asked) < spec.fewest:
        message = _(
            "%(needed)d must approve, and %(count)d of those who are asked can: they must be "
            "switched on, and do tasks. Until then tickets stop here with an error."
        )
        return message % words, False
    if not spec.never_requester or len(asked) - 1 >= spec.fewest:
        return "", False
    submitters = _submitters(outline)
    if submitters and submitters <= asked:
        message = _(
            "Nobody could ever approve: everybody who may submit this is asked, nobody approves "
            "their own request, and %(needed)d must approve. Ask more people, or let requesters "
            "approve their own requests."
        )
        return message % words, True
    message = _(
        "Who is asked here cannot have a request of their own approved: nobody approves their own "
        "request, and %(needed)d must approve. Ask more people."
    )
    return message % words, False


def _asked(spec: ApprovalSpec, task: Entry) -> set[int] | None:
    """The ids of those who are asked; None: answers say who."""
    if spec.who is Approvers.ROLE:
        approvers = task.value.get("approvers")
        name = approvers.get(Approvers.ROLE.value) if isinstance(approvers, dict) else None
        role = CompanyRole.objects.named(str(name or "")).first()
        return set() if role is None else set(eligible_workers(role).values_list("pk", flat=True))
    if spec.who is Approvers.PEOPLE and isinstance(spec.people, list):
        emails = [plain_email(str(each)) for each in spec.people]
        workers = eligible_workers(None).filter(email__in=emails)
        return set(workers.values_list("pk", flat=True))
    return None


def _submitters(outline: Outline) -> set[int]:
    """The ids of everybody who may submit one of its ticket types."""
    named: set[str] = set()
    for each in outline.ticket_types:
        roles = each.value.get("roles_with_access")
        if not isinstance(roles, list) or not roles:
            return set(colleagues().values_list("pk", flat=True))
        named |= {str(role) for role in roles}
    found: set[int] = set()
    for name in named:
        role = CompanyRole.objects.named(name).first()
        if role is not None:
            members = colleagues().filter(company_roles=role)
            found |= set(members.values_list("pk", flat=True))
    return found


@transaction.atomic
def allow_requesters(*, workflow: WorkflowDefinition, keys: list[str], user: User | None) -> None:
    """Let whoever submits a ticket approve it, in these approvals of a draft.

    Raises:
        NotADraftError: it is published or retired.
    """
    draft = WorkflowDefinition.objects.select_for_update().get(pk=workflow.pk)
    if not draft.is_draft:
        raise NotADraftError
    votes = {vote_key(key) for key in keys}
    for task in draft.tasks.filter(key__in=[*keys, *votes]):
        if task.is_vote:
            said = dict(task.assign_to or {})
            said["never"] = _without_requester(said.get("never"))
            task.assign_to = said
        else:
            task.never = _without_requester(task.never)
        task.save(update_fields=["never", "assign_to"])
    # Whoever has it open has not seen this: no editor saves over it, nor is it published.
    draft.changed_by = user
    draft.save(update_fields=["changed_by", "updated_at"])
    record(ALLOWED, about=draft, person=user, key=draft.key, approvals=", ".join(keys))


def _without_requester(never: Json) -> list[Json]:
    return [each for each in never_of(never) if each != REQUESTER]
