"""To which assistant a task is offered first, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.bundles.outline.outline import Outline
from workflows.engine.process import Json
from workflows.engine.steps.assisting import USUAL_TRIES, Assistance


def assistance_in_words(value: Json) -> str:
    """“first the assistant Invoice bot, for 30 minutes; a person checks it”; empty: none."""
    said = Assistance.of(value)
    if said is None:
        return ""
    time = ngettext("%(count)d minute", "%(count)d minutes", said.minutes)
    words = {"assistant": said.account, "time": time % {"count": said.minutes}}
    if said.is_checked:
        text = _("first the assistant %(assistant)s, for %(time)s; a person checks it") % words
    else:
        text = _("first the assistant %(assistant)s, for %(time)s, which completes it") % words
    if said.tries == USUAL_TRIES:
        return text
    tries = ngettext("%(count)d try", "%(count)d tries", said.tries) % {"count": said.tries}
    return f"{text} ({tries})"


def assistants_in_words(document: object) -> dict[str, str]:
    """{task key: to which assistant it is offered}. The document may be wrong in any place."""
    outline = Outline(document if isinstance(document, dict) else {})
    return {
        key: words
        for key, task in outline.task_of.items()
        if task.is_form and (words := assistance_in_words(task.value.get("assistant")))
    }
