"""A form was sent to a contact outside the company, as a link in a mail.

Its data: `to_contact`. Who that is stands on the task, so that it can be forgotten.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

SENT_OUTSIDE = declare(
    "SENT_OUTSIDE",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="outgoing_mail",
        history=_("%(task)s was sent to %(contact)s, who is outside the company."),
        timeline=_("%(task)s was sent to somebody outside."),
    ),
)
