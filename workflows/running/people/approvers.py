"""Whom an approval asks: the people, as they are when it begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from tenants.models import User
from tenants.names import plain_email
from workflows.engine.errors import TransformError
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import Clock, with_time
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.steps.approvals import ApprovalSpec, Approvers, CastVote, approval_output
from workflows.engine.steps.blocks import BlockSpec, vote_in
from workflows.models import Path, PathStatus, TaskInstance
from workflows.running.people.electorate import never_of_approval
from workflows.running.people.facts import manager_of_requester
from workflows.running.people.workers import eligible_workers


def find_approvers(
    task: TaskInstance, approval: ApprovalSpec, context: JsonObject, clock: Clock | None
) -> tuple[list[Json], str]:
    """Everybody whom an approval asks, as an answer names people; and why it cannot be said.

    `task` is that of the approval, which is written; `clock` is what its rule knows of time. Each
    is asked once, in the order in which they are listed, or by name. Who is switched off, does no
    tasks or must never be asked is left out.
    """
    try:
        people = _named(task, approval, with_time(context, clock), clock)
    except TransformError as error:
        message = _("Who approves “%(task)s” cannot be read. %(reason)s")
        return [], message % {"task": task.definition.title, "reason": error}
    never = never_of_approval(task, approval)
    found = {each.pk: each for each in people if each.pk not in never}
    return [as_answer(each) for each in found.values()], ""


def as_answer(person: User) -> Json:
    """A person as the answer to a question for one."""
    return {"id": person.pk, "email": person.email, "name": str(person)}


def _named(
    task: TaskInstance, approval: ApprovalSpec, context: JsonObject, clock: Clock | None
) -> list[User]:
    workers = eligible_workers(None)
    match approval.who:
        case Approvers.ROLE:
            members = eligible_workers(task.definition.candidate_role_id)
            return sorted(members, key=lambda each: (str(each).casefold(), each.pk))
        case Approvers.MANAGER:
            return list(workers.filter(pk__in=[manager_of_requester(task) or 0]))
    said = approval.people
    if not isinstance(said, list):
        working_time = None if clock is None else clock.working_time
        said = apply_transform(said, context, working_time=working_time)
    named = list(_people_in(said))
    numbers = [each for each in named if isinstance(each, int)]
    addresses = [each for each in named if isinstance(each, str)]
    known: dict[int | str, User] = {each.pk: each for each in workers.filter(pk__in=numbers)}
    known |= {each.email: each for each in workers.filter(email__in=addresses)}
    return [known[each] for each in named if each in known]


def _people_in(value: Json) -> Iterator[int | str]:
    """The ids of the people in answers, or their e-mail addresses; rows are looked through, too."""
    match value:
        case str():
            yield plain_email(value)
        case {"id": int(number)}:
            yield number
        case list():
            for each in value:
                yield from _people_in(each)
        case dict():
            for each in value.values():
                if isinstance(each, dict | list):
                    yield from _people_in(each)


def votes_of(spec: BlockSpec, paths: Sequence[Path]) -> JsonObject:
    """What an approval has brought: its output, with who voted when. One query for the people."""
    cast = sorted(_cast(paths), key=_when)
    wanted = [task.assigned_to_id for _path, task in cast if task.assigned_to_id is not None]
    people = {each.pk: each for each in User.objects.filter(pk__in=wanted)}
    votes = [_vote(path, task, people) for path, task in cast]
    return approval_output(spec.approval or ApprovalSpec(), votes, count=len(paths))


def _cast(paths: Sequence[Path]) -> Iterator[tuple[Path, TaskInstance]]:
    for path in paths:
        if path.status == PathStatus.ENDED and path.current_task is not None:
            yield path, path.current_task


def _when(cast: tuple[Path, TaskInstance]) -> tuple[str, int]:
    path, task = cast
    return (task.completed_at.isoformat() if task.completed_at is not None else "", path.number)


def _vote(path: Path, task: TaskInstance, people: Mapping[int, User]) -> CastVote:
    voter = people.get(task.assigned_to_id or 0)
    asked = path.item if isinstance(path.item, dict) else {}
    is_other = voter is not None and asked.get("id") != voter.pk
    return CastVote(
        vote_in(path.state()),
        by=as_answer(voter) if voter is not None else path.item,
        at=task.completed_at.isoformat() if task.completed_at is not None else "",
        voted_for=path.item if is_other else None,
    )
