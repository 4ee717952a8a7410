"""The form of django-jsonform, on pages whose own script draws and fills it."""

from __future__ import annotations

from django import forms
from django_jsonform.widgets import JSONFormWidget


class ScriptedJSONForm(JSONFormWidget):
    """Without the script that starts every form by itself: jsonform.js of the editor does.

    That script listens to the whole page, and knows neither the editor's errors nor its undo.
    """

    def __init__(self) -> None:
        super().__init__(schema={})

    @property
    def media(self) -> forms.Media:
        name = "django_jsonform"
        vendor = [f"{name}/vendor/{each}.min.js" for each in _VENDORS]
        return forms.Media(
            css={"all": [f"{name}/style.css"]}, js=[*vendor, f"{name}/react-json-form.js"]
        )


_VENDORS = ("react.production", "react-dom.production", "react-modal")
