"""A moment in a form that is not made of field specs: read as the answers to questions are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.fields.datetime.moment_input import MomentInput, readings


class MomentField(forms.Field):
    """What is typed is meant in the zone of the page. Its cleaned value is aware, or None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=MomentInput(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return timezone.localtime(value).replace(tzinfo=None).isoformat(timespec="minutes")
        return value

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        if readings(text):
            raise ValidationError(_("Choose which of the two times you mean."), code="clock")
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.get_current_timezone())
            timezone.localtime(moment)
        except (ValueError, OverflowError) as error:
            raise ValidationError(_("Enter a date and a time."), code="invalid") from error
        return moment
