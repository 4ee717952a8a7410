from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.models import Score, Ticket
from tickets.reporting.cells import Number, Section, Share, Text
from tickets.reporting.figures import Figures
from tickets.reporting.links import of_type


def satisfaction(figures: Figures) -> Section:
    """What requesters say of the tickets that ended in this time, whenever they said it."""
    days = str(figures.period.days)
    total = sum(figures.ratings.values())
    rows = []
    for score in Score:
        count = figures.ratings.get(score.value, 0)
        filters = of_type(figures, rating=score.value, ended=days)
        rows.append((Text(score.label), Number(count, Ticket, filters), Share(count, total)))
    return Section(
        key="satisfaction",
        title=_("How satisfied people are"),
        about=_("What those who submitted them say of the tickets that ended in this time."),
        headings=(_("Rating"), _("Tickets"), _("Share")),
        rows=rows if total else (),
        adds_up=True,
        empty=_("Nobody has rated a ticket that ended in this time."),
    )
