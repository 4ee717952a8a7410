"""Files that answers name which no form of ours has looked at: a program has sent them before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from django.db.models import Q

from tenants.models import User
from tickets.files.heads import head_or_nothing
from tickets.models import FileUpload, Ticket
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.errors import InvalidDataError
from workflows.fields.answers.uploads import uploads_in
from workflows.fields.file.accepted import entries_in
from workflows.fields.file.content import is_looked_at_everywhere
from workflows.fields.file.file_input import refusal_of_type


def ensure_uploads_fit(
    specs: Json, answers: JsonObject, *, user: User, ticket: Ticket | None = None
) -> JsonObject:
    """The answers that somebody sends by a token, with each file called as it is kept.

    Services call it, so that no door can forget it, and before they lock anything: the first bytes
    of a file are read. Of what comes from a page the form has looked at the same. `ticket`: whose
    files may be named, besides those that belong to nothing. What names none of these is left to
    `claim_files`, which refuses it.

    Raises:
        InvalidDataError: a file is of a type that its question does not take.
    """
    listed = [each for each in specs if isinstance(each, dict)] if isinstance(specs, list) else []
    keys = frozenset[UUID]().union(*uploads_in(listed, answers).values())
    if not keys:
        return answers
    usable = Q(ticket=None, uploaded_by=user)
    if ticket is not None:
        usable |= Q(ticket=ticket)
    uploads = {each.uuid: each for each in FileUpload.objects.filter(usable, uuid__in=keys)}
    problems: list[FieldProblem] = []
    settled = _settled(listed, answers, uploads, "", problems)
    if problems:
        raise InvalidDataError(problems)
    return settled


def _settled(
    specs: Sequence[Mapping[str, Json]],
    answers: JsonObject,
    uploads: Mapping[UUID, FileUpload],
    place: str,
    problems: list[FieldProblem],
) -> JsonObject:
    found = dict(answers)
    for spec in specs:
        name, answer = str(spec.get("name")), answers.get(str(spec.get("name")))
        columns = spec.get("fields")
        if isinstance(answer, dict):
            for upload in _uploads([spec], {name: answer}, uploads):
                found[name] = {"upload": str(upload.uuid), "filename": upload.filename}
                if text := _refusal(spec, upload):
                    problems.append(FieldProblem(f"{place}{name}", text))
        elif isinstance(answer, list) and isinstance(columns, list):
            inner = [each for each in columns if isinstance(each, dict)]
            found[name] = [
                _settled(inner, each, uploads, f"{place}{name}.{number}.", problems)
                if isinstance(each, dict)
                else each
                for number, each in enumerate(answer)
            ]
    return found


def _uploads(
    specs: Sequence[Mapping[str, Json]], answers: JsonObject, known: Mapping[UUID, FileUpload]
) -> Iterator[FileUpload]:
    for keys in uploads_in(specs, answers).values():
        yield from (known[key] for key in keys if key in known)


def _refusal(spec: Mapping[str, Json], upload: FileUpload) -> str:
    accepted = entries_in(spec.get("accept"))
    if not accepted:
        return ""
    name = upload.filename
    head = None if is_looked_at_everywhere(name) else head_or_nothing(upload)
    return refusal_of_type(accepted, name, head)
