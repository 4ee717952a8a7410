from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from tickets.models import Score
from tickets.models.rating import LONGEST_COMMENT


class RatingForm(forms.Form):
    """Each score is a button that sends the form."""

    use_required_attribute = False

    score = forms.ChoiceField(
        choices=Score.choices,
        error_messages={"required": gettext_lazy("Say whether you are satisfied.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("What was good, or what was missing?"),
        help_text=gettext_lazy("You need not say it. The ticket admins read it."),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
