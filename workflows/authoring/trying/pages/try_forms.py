"""What a try asks for, apart from the definition's own forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.names import LONGEST_NAME
from workflows.engine.process import Json, JsonObject
from workflows.engine.values.storable import unstorable
from workflows.failure_reasons import reason_choices
from workflows.fields.file.file_input import made_up_upload

LONGEST_ANSWER: Final = 100_000


class SubmitterForm(forms.Form):
    """Who submits the ticket of a try: nobody real needs to."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=UnfoldAdminEmailInputWidget
    )
    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=LONGEST_NAME,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"),
        max_length=LONGEST_NAME,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )


class DayForm(forms.Form):
    """On which day a try happens, where its rules read that."""

    today = forms.DateField(
        label=gettext_lazy("The day on which it happens"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )


class CallForm(forms.Form):
    """What the other system answers, or that the call fails."""

    body = forms.CharField(
        label=gettext_lazy("What the other system answers (JSON)"),
        max_length=LONGEST_ANSWER,
        required=False,
        initial="{}",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
    )
    fails = forms.BooleanField(label=gettext_lazy("The call fails for good"), required=False)
    error = forms.CharField(
        label=gettext_lazy("Why it fails"),
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason of the failure"),
        choices=[("", gettext_lazy("as its status says")), *reason_choices()],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    status = forms.IntegerField(
        label=gettext_lazy("Status that it answers with, such as 402"),
        min_value=100,
        max_value=599,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def answer_of_failure(self) -> JsonObject:
        """What a call that failed has brought: without a status or a reason, nothing."""
        body = self.cleaned_data["body"]
        says_how = self.cleaned_data["status"] is not None or self.cleaned_data["reason"]
        return body if says_how and isinstance(body, dict) else {}

    def clean_body(self) -> Json:
        text = self.cleaned_data["body"]
        try:
            body: Json = json.loads(text, parse_constant=_refuse) if text.strip() else None
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                _('This is not JSON. Write for example {"id": 7}, with straight quotes.')
            ) from error
        message = next((message for _path, message in unstorable(body)), "")
        if message:
            raise forms.ValidationError(message)
        return body


class EndForm(CallForm):
    """How a ticket ends that a step has started and waits for, or that it is cancelled."""

    def __init__(self, *sent: Any, **more: Any) -> None:
        super().__init__(*sent, **more)
        self.fields["body"].label = gettext_lazy("How the other ticket ends (JSON)")
        self.fields["body"].initial = '{"outcome": "good", "label": ""}'
        self.fields["fails"].label = gettext_lazy("It cannot be started, or is cancelled")
        self.fields["status"].widget = forms.HiddenInput()


def _refuse(name: str) -> Json:
    raise ValueError(name)


class NoKeeper:
    """Takes the files of a try: their names are kept, what is in them is not."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})

    def keep(self, file: UploadedFile) -> JsonObject:
        name = file.name or "file"
        key = made_up_upload(name)
        self._known[key] = name
        return {"upload": key, "filename": name}

    def find(self, key: str) -> JsonObject | None:
        try:
            wanted = str(UUID(key))
        except ValueError:
            return None
        return {"upload": wanted, "filename": self._known.get(wanted, _("file"))}

    def head(self, key: str) -> bytes | None:
        return None  # it was looked at when it came
