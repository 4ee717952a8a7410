"""From what somebody tells of a process to a draft: a model writes it, and mends it.

Each round is a job of its own, which asks the model outside of any transaction and saves what came
of it if nothing else has changed meanwhile: a job that runs twice may ask twice, and counts once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.companies.language_and_zone import speaking, speaking_to
from tenants.connection import current_schema
from tenants.errors import RateLimitedError, ShareUsedUpError
from tenants.jobs import defer, is_under_way
from tenants.limits.table import DESCRIPTIONS, DESCRIPTIONS_OF_ONE, count_share
from tenants.models import User
from workflows.authoring.describing.ask_model import ChatModel, ask_model, chat_model
from workflows.authoring.describing.check_answer import complaint_about
from workflows.authoring.describing.errors import (
    DescriptionBusyError,
    DescriptionTooLongError,
    ModelError,
    NoDescriptionError,
    NoModelError,
    NoRemarkError,
    NothingToKeepError,
    TooManyDescriptionsError,
    TooManyOwnDescriptionsError,
)
from workflows.authoring.describing.read_answer import read_answer, reading_of
from workflows.authoring.describing.write_request import messages_for
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.bundles import errors_of
from workflows.bundles.document.errors import InvalidBundleError
from workflows.engine.values.storable import unstorable
from workflows.errors import UnreadableBundleError
from workflows.models import CompanyRole, DescribedProcess, WorkflowDefinition

DESCRIBED = declare("definitions.described", gettext_lazy("Had a model draft a workflow"))
DRAFT_KEPT = declare("definitions.model_draft_kept", gettext_lazy("Kept the draft of a model"))

# The names of the jobs; those in the queue keep the ones that they were deferred by.
ASK: Final = "workflows.jobs.ask_for_draft"
FORGET: Final = "workflows.jobs.forget_description"

MOST_ROUNDS: Final = 5
LONGEST_TEXT: Final = 20_000
LONGEST_REMARK: Final = 2_000
# How long a description is kept of which nothing was.
KEPT: Final = timedelta(days=30)


def start_drafting(*, text: str, sends_roles: bool, user: User) -> DescribedProcess:
    """Have the model draft a workflow from what somebody wrote.

    `sends_roles`: the names of the company's roles go with it.

    Raises:
        NoModelError, NoDescriptionError, DescriptionTooLongError, TooManyDescriptionsError,
        TooManyOwnDescriptionsError
    """
    model = _model()
    text = _plain(text, most=LONGEST_TEXT)
    if not text:
        raise NoDescriptionError
    with transaction.atomic():
        _count(user)
        described = DescribedProcess.objects.create(
            text=text, sends_roles=sends_roles, model=_name(model), created_by=user
        )
        _defer_round(described)
        defer(FORGET, after_seconds=KEPT.total_seconds(), described_id=described.pk)
        _record_request(described, user)
    return described


def ask_for_changes(*, described: DescribedProcess, remark: str, user: User) -> None:
    """Have the model change its draft: another five rounds at most.

    Raises:
        NoModelError, NoRemarkError, DescriptionTooLongError, TooManyDescriptionsError,
        TooManyOwnDescriptionsError,
        DescriptionBusyError: it is being drafted, or was kept.
    """
    remark = _plain(remark, most=LONGEST_REMARK)
    if not remark:
        raise NoRemarkError
    _ask_again(described, user=user, remark=remark)


def try_again(*, described: DescribedProcess, user: User) -> None:
    """Go on where something went wrong. Raises as `ask_for_changes` does."""
    _ask_again(described, user=user)


def keep_draft(
    *, described: DescribedProcess, user: User, replaces: SeenDraft | None = None
) -> WorkflowDefinition:
    """Make the model's document a draft, as an imported file becomes one.

    Pressed twice it is the draft that was made first.

    Raises:
        NothingToKeepError: there is no document, or it is being changed.
        InvalidBundleError, DraftChangedError, NotADraftError: as of `import_bundle`.
    """
    with transaction.atomic():
        row = _locked(described.pk)
        if row is None or row.is_running or not row.answer:
            raise NothingToKeepError
        if row.is_kept and row.definition is not None:
            return row.definition
        reading = reading_of(row.answer)
        if errors_of(reading.problems):
            raise InvalidBundleError(reading.problems)
        made = import_bundle(document=reading.document, user=user, replaces=replaces)
        row.keep(definition=made)
        row.save(update_fields=["status", "definition"])
        record(DRAFT_KEPT, about=made, person=user, model=row.model, description=row.pk)
    return made


def throw_away(*, described: DescribedProcess) -> None:
    """Delete what was described, and what was drafted of it. A draft that was kept stays."""
    DescribedProcess.objects.filter(pk=described.pk).delete()


def continue_drafting(*, described_id: int, number: int) -> None:
    """Get the answer of a round, counted from 0. Safe to repeat, late, and beside itself."""
    described = DescribedProcess.objects.filter(pk=described_id).first()
    if described is None or not described.is_running or described.round != number:
        return
    with speaking_to(described.created_by):
        try:
            said = ask_model(_model(), messages_for(described, _role_names(described)))
        except (ModelError, NoModelError) as error:
            _fail(described, str(error))
            return
        _take(described, said)


def end_abandoned_drafting(*, described: DescribedProcess) -> DescribedProcess:
    """End what nobody works on any more, so that its page does not wait for ever."""
    job = described.job_id
    if not described.is_running or (job is not None and is_under_way(job)):
        return described
    fresh = DescribedProcess.objects.filter(pk=described.pk).first()
    if fresh is None or not fresh.is_running or fresh.job_id != job:
        return fresh or described  # the job has ended well since it was read
    _fail(
        fresh,
        _(
            "The server could not finish this. Try again; if that does not help, tell whoever "
            "runs TicketFlower: its log says why."
        ),
    )
    fresh.refresh_from_db()
    return fresh


def forget_description(*, described_id: int) -> None:
    """Delete a description of which nothing was kept."""
    DescribedProcess.objects.filter(pk=described_id, definition=None).delete()


# One round


def _take(described: DescribedProcess, said: str) -> None:
    """Save what the model has said, and go on: mend it, or let its person decide."""
    try:
        answer = read_answer(said)
        complaint = complaint_about(reading_of(answer.text))
    except UnreadableBundleError:
        complaint = _unreadable(said)
        with transaction.atomic():
            row = _same_round(described)
            if row is not None:
                row.note_unusable(complaint=complaint)
                _go_on(row)
        return
    with transaction.atomic():
        row = _same_round(described)
        if row is not None:
            row.note_answer(answer=answer.text, questions=answer.questions, complaint=complaint)
            _go_on(row)


def _unreadable(said: str) -> str:
    """Why it cannot be read, in the language that the model is spoken to."""
    with speaking("en"):
        try:
            reading_of(read_answer(said).text)
        except UnreadableBundleError as error:
            return f"- Your answer cannot be read: {error}"
    return "- Your answer cannot be read."


def _go_on(row: DescribedProcess) -> None:
    """After an answer: the next round, or the end. Inside the transaction that locked the row."""
    if row.complaint and row.round < MOST_ROUNDS:
        _defer_round(row)
    elif row.answer:
        row.finish()
    else:
        row.fail(
            failure=_(
                "The model did not answer with a workflow, %(count)d times in a row. Try again, or "
                "describe the process in other words."
            )
            % {"count": row.round}
        )
    row.save()


def _fail(described: DescribedProcess, failure: str) -> None:
    with transaction.atomic():
        row = _same_round(described)
        if row is not None:
            row.fail(failure=failure)
            row.save(update_fields=["status", "failure"])


def _same_round(described: DescribedProcess) -> DescribedProcess | None:
    """The row, locked, if it is still the round for which the model was asked."""
    row = _locked(described.pk)
    if row is None or not row.is_running or row.round != described.round:
        return None
    # Somebody had another five rounds begun meanwhile, which count from 0 again.
    return row if row.job_id == described.job_id else None


# Asking


def _ask_again(described: DescribedProcess, *, user: User, remark: str = "") -> None:
    model = _model()
    with transaction.atomic():
        row = _locked(described.pk)
        if row is None or row.is_running or row.is_kept:
            raise DescriptionBusyError
        _count(user)
        row.ask_again(model=_name(model), remark=remark)
        _defer_round(row)
        row.save()
        _record_request(row, user)


def _defer_round(described: DescribedProcess) -> None:
    described.job_id = defer(ASK, described_id=described.pk, number=described.round)
    described.save(update_fields=["job_id"])


def _record_request(described: DescribedProcess, user: User) -> None:
    """Not what was written: the log is read by others."""
    record(
        DESCRIBED,
        person=user,
        description=described.pk,
        model=described.model,
        sends_roles=described.sends_roles,
        changes_asked_for=len(described.remarks),
    )


def _count(user: User) -> None:
    """Inside the transaction: what is refused counts in neither way.

    Raises:
        TooManyDescriptionsError: the company's of a day are used up.
        TooManyOwnDescriptionsError: the person's share of them is.
    """
    company = current_schema()
    try:
        count_share(DESCRIPTIONS, company, DESCRIPTIONS_OF_ONE, f"{company}:{user.pk}")
    except ShareUsedUpError as error:
        raise TooManyOwnDescriptionsError from error
    except RateLimitedError as error:
        raise TooManyDescriptionsError from error


def _model() -> ChatModel:
    model = chat_model()
    if model is None:
        raise NoModelError
    return model


def _name(model: ChatModel) -> str:
    return model.name[: DescribedProcess._meta.get_field("model").max_length]


def _role_names(described: DescribedProcess) -> list[str]:
    if not described.sends_roles:
        return []
    return list(CompanyRole.objects.order_by("name").values_list("name", flat=True))


def _plain(text: str, *, most: int) -> str:
    """As it was typed, without what no column keeps.

    Raises:
        DescriptionTooLongError
    """
    plain = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if any(unstorable(plain)):
        plain = plain.encode("utf-8", "replace").decode()
    if len(plain) > most:
        raise DescriptionTooLongError
    return plain


def _locked(described_id: int) -> DescribedProcess | None:
    rows = DescribedProcess.objects.select_for_update(of=("self",))
    return rows.select_related("definition").filter(pk=described_id).first()
