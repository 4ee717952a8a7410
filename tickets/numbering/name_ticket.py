from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from tickets.models import Ticket
from workflows.engine.process import Json
from workflows.fields.field import Field, TitleUse
from workflows.forms import answer_text
from workflows.models import TicketDefinition

# How much of the answers a title holds: so many of them, and so many characters of each.
MOST_ANSWERS: Final = 3
LONGEST_ANSWER: Final = 60


def name_ticket(
    *, definition: TicketDefinition, fields: Iterable[Field], answers: Mapping[str, Json]
) -> str:
    """A title for a ticket to which its submitter gave none: “Purchase request: A desk”.

    Its type, and the first answers up to the first that is a text: so tickets of one type can
    be told apart in lists, and found. `fields` are the questions in their order; what is set
    beforehand is not among them, as it is the same in every ticket of the type.
    """
    answered = " · ".join(_first_answers(fields, answers))
    if not answered:
        return definition.title
    words = {"type": definition.title, "answers": answered}
    longest = Ticket._meta.get_field("title").max_length or LONGEST_ANSWER
    return Truncator(_("%(type)s: %(answers)s") % words).chars(longest)


def _first_answers(fields: Iterable[Field], answers: Mapping[str, Json]) -> Iterable[str]:
    standing_alone = [each for each in fields if _stands_alone(each) and each.name in answers]
    for field in standing_alone[:MOST_ANSWERS]:
        text = " ".join(answer_text(field, answers[field.name]).split())
        if text:
            yield Truncator(text).chars(LONGEST_ANSWER)
        if field.type.title_use is TitleUse.WHOLE:
            return


def _stands_alone(field: Field) -> bool:
    """Whether an answer says something by itself, without its question."""
    return field.type.title_use is not TitleUse.NOTHING
