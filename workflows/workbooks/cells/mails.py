"""The mail of a step, in a cell: to whom, the subject, the files, an empty line, and the text.

    to: answer ticket.supplier_email
    subject: Order {number}
    files: ticket.quote

    Please deliver {ticket.article}.

To is one of `requester`, `manager`, `role`, `answer ticket.contact`, `doer review`,
`person wendy@example.com`, `address orders@example.com`; a question or an address alone will do.
The mails of a transition stand one beneath the other, with a line of `---` between two; to a
company role they go as `role Buyers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.messages import NAMED_BY, Recipient
from workflows.workbooks.cells.lines import UnreadableCellError

_HEADERS: Final = {
    **dict.fromkeys(("to", "who", "recipient"), "to"),
    **dict.fromkeys(("subject", "title"), "subject"),
    **dict.fromkeys(("files", "file", "attachments"), "files"),
}
_WHO: Final = {
    **{each.value: each for each in Recipient},
    "submitter": Recipient.REQUESTER,
    "the requester": Recipient.REQUESTER,
    "the requester's manager": Recipient.MANAGER,
    "company role": Recipient.ROLE,
}
# A step says its company role in a column of its own.
_ON_WAY: Final = {**NAMED_BY, Recipient.ROLE: "role"}
_BETWEEN: Final = "---"
_BETWEEN_TWO: Final = re.compile(r"^[ \t]*-{3,}[ \t]*$", re.MULTILINE)


def read_mails(text: str) -> Json:
    """The `messages` in a cell.

    Raises:
        UnreadableCellError: as `read_mail`.
    """
    parts = _BETWEEN_TWO.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return [_mail(part, _ON_WAY) for part in parts if part.strip()]


def read_mail(text: str) -> Json:
    """The `message` in a cell.

    Raises:
        UnreadableCellError: a line above the text says nothing that is known.
    """
    return _mail(text, NAMED_BY)


def _mail(text: str, named_by: Mapping[Recipient, str]) -> JsonObject:
    made: JsonObject = {}
    lines = text.strip().splitlines()
    for index, line in enumerate(lines):
        if not line.strip():
            made["text"] = "\n".join(lines[index + 1 :]).strip()
            break
        made |= _line(line.strip(), named_by)
    return made


def _line(line: str, named_by: Mapping[Recipient, str]) -> JsonObject:
    name, colon, rest = (each.strip() for each in line.partition(":"))
    header = _HEADERS.get(name.lower()) if colon else None
    if header is None:
        meant = nearest(name.lower(), list(_HEADERS))
        message = _("“%(line)s” is no line of a mail.") % {"line": short(line)}
        advice = did_you_mean(meant) or " " + _(
            "Begin with “to: …” and “subject: …”, a line each, then an empty line and the text."
        )
        raise UnreadableCellError(message + advice, found=line, nearest=meant)
    if header == "files":
        return {"files": [each.strip() for each in rest.split(",") if each.strip()]}
    return {"subject": rest} if header == "subject" else _to(rest, named_by)


def _to(text: str, named_by: Mapping[Recipient, str]) -> JsonObject:
    if (known := _WHO.get(text.lower())) is not None:
        return {"who": known.value}
    word, _space, named = text.partition(" ")
    who = _WHO.get(word.lower())
    if who is not None and who in named_by and named:
        return {"who": who.value, named_by[who]: named.strip()}
    if "@" in text:
        return {"who": Recipient.ADDRESS.value, "email": text}
    if "." in text and " " not in text:
        return {"who": Recipient.ANSWER.value, "answer": text}
    meant = nearest(word.lower(), list(_WHO))
    message = _("“%(text)s” does not say who gets the mail.") % {"text": short(text)}
    advice = did_you_mean(meant) or " " + _(
        "Write, for example, requester, role, answer ticket.supplier_email or an e-mail address."
    )
    raise UnreadableCellError(message + advice, found=text, nearest=meant)


def write_mail(value: Json) -> str | None:
    """The lines that `read_mail` reads as this value; None where none would."""
    if not isinstance(value, dict) or not value:
        return None
    text = "\n".join(_lines(value, NAMED_BY))
    try:
        return text if read_mail(text) == value else None
    except UnreadableCellError:
        return None


def write_mails(value: Json) -> str | None:
    """The lines that `read_mails` reads as this value; None where none would."""
    if not isinstance(value, list) or not value:
        return None
    text = f"\n{_BETWEEN}\n".join("\n".join(_lines(each, _ON_WAY)) for each in objects_in(value))
    try:
        return text if read_mails(text) == value else None
    except UnreadableCellError:
        return None


def _lines(value: JsonObject, named_by: Mapping[Recipient, str]) -> Iterator[str]:
    who = str(value.get("who", ""))
    if who in list(Recipient):
        named = value.get(named_by.get(Recipient(who), ""))
        yield f"to: {who} {named}" if named else f"to: {who}"
    if "subject" in value:
        yield f"subject: {value['subject']}"
    files = value.get("files")
    if isinstance(files, list):
        yield f"files: {', '.join(map(str, files))}"
    if "text" in value:
        yield ""
        yield str(value["text"])
