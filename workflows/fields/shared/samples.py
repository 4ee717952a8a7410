"""Made-up answers."""

from __future__ import annotations

from workflows.engine.process import Json
from workflows.fields.facts import Facts
from workflows.fields.field import Field


def sample_answer(question: Field) -> Json:
    """An answer as somebody could give it: the default, where there is one."""
    if question.default is None:
        return question.type.sample(question)
    made_up = Facts(make_up=question.type.made_up)
    return question.type.taken_in(question, question.default, made_up)
