"""The mail of a step, in a cell: to whom, the subject, the files, an empty line, and the text.

    to: answer ticket.supplier_email
    subject: Order {number}
    files: ticket.quote

    Please deliver {ticket.article}.

To is one of `requester`, `manager`, `role`, `answer ticket.contact`, `doer review`,
`person wendy@example.com`, `address orders@example.com`; a question or an address alone will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import Json, JsonObject
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


def read_mail(text: str) -> Json:
    """The `message` in a cell.

    Raises:
        UnreadableCellError: a line above the text says nothing that is known.
    """
    made: JsonObject = {}
    lines = text.strip().splitlines()
    for index, line in enumerate(lines):
        if not line.strip():
            made["text"] = "\n".join(lines[index + 1 :]).strip()
            break
        made |= _line(line.strip())
    return made


def _line(line: str) -> JsonObject:
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
    return {"subject": rest} if header == "subject" else _to(rest)


def _to(text: str) -> JsonObject:
    if (known := _WHO.get(text.lower())) is not None:
        return {"who": known.value}
    word, _space, named = text.partition(" ")
    who = _WHO.get(word.lower())
    if who in NAMED_BY and named:
        return {"who": who.value, NAMED_BY[who]: named.strip()}
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
    text = "\n".join(_lines(value))
    try:
        return text if read_mail(text) == value else None
    except UnreadableCellError:
        return None


def _lines(value: JsonObject) -> Iterator[str]:
    who = str(value.get("who", ""))
    if who in list(Recipient):
        named = value.get(NAMED_BY.get(Recipient(who), ""))
        yield f"to: {who} {named}" if named else f"to: {who}"
    if "subject" in value:
        yield f"subject: {value['subject']}"
    files = value.get("files")
    if isinstance(files, list):
        yield f"files: {', '.join(map(str, files))}"
    if "text" in value:
        yield ""
        yield str(value["text"])
