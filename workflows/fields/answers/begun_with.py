"""What a form is filled in with by itself: its defaults, where nobody has answered otherwise."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.engine.values.storable import unstorable
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import NO_FACTS, Facts


def begun_with(form: Validator, answers: JsonObject, facts: Facts = NO_FACTS) -> JsonObject:
    """The answers, with the form's defaults for what they leave out.

    As in the form that a person fills in, a question that is not asked for these answers has none:
    so a default of it would be refused. An answer that was given to one stays, and is.
    """
    made = {**form.defaults(facts), **answers}
    if any(unstorable(answers)):  # refused whatever else there is
        return made
    for _round in form.fields:  # without one default another question may be hidden, too
        shown = form.visible(form.settled(made, facts), facts)
        hidden = form.fields.keys() & made.keys() - shown - answers.keys()
        if not hidden:
            break
        made = {name: value for name, value in made.items() if name not in hidden}
    return made
