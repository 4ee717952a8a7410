"""A task was offered to an assistant, as its definition says. Whoever has it answers for it.

Its data: `to` is the name of the assistant's service account then, `to_id` its id, `until` when its
time is over (ISO 8601), `checked` where a person checks what it answers.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

_SENTENCE = _("%(task)s was offered to the assistant %(to)s.")

OFFERED = declare(
    "OFFERED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, people=(("to_id", "to"),)),
    screen=Screen(icon="smart_toy", history=_SENTENCE, timeline=None, team=_SENTENCE),
)
