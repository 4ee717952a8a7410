"""What people see of a file."""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.file.file_input import FileAnswer, FileNameAnswer
from workflows.fields.file.rules import TYPE
from workflows.fields.on_screen.editor_facts import GIVEN
from workflows.fields.on_screen.inputs import AskedField
from workflows.fields.on_screen.screen import FileKeeper, ForLayout, FormContext, Screen, Shows
from workflows.fields.on_screen.shown import Shown


class FileScreen(Screen):
    type = TYPE
    control = "file"
    compared = "file"
    operators = GIVEN

    def make_input(
        self, question: Field, name: str, first: Json, context: FormContext, *, compact: bool
    ) -> AskedField:
        if context.names_files:
            return FileNameAnswer(question, first)
        return FileAnswer(question, context.keeper, first)

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        return (
            isinstance(value, dict)
            and set(value) == {"upload", "filename"}
            and all(isinstance(each, str) for each in value.values())
        )

    def still_fits(self, question: Field, value: Json, keeper: FileKeeper) -> Json:
        """It may have been deleted since."""
        fitting = super().still_fits(question, value, keeper)
        return keeper.find(str(fitting["upload"])) if isinstance(fitting, dict) else None

    def for_layout(self, question: Field, value: Json, inside: ForLayout) -> Json:
        return self.shown(question, value).text

    def shown(self, question: Field, value: Json) -> Shown:
        if not isinstance(value, dict):
            return super().shown(question, value)
        name, upload = str(value.get("filename") or ""), str(value.get("upload") or "")
        return Shown(label=question.label, kind="file", text=name or _("File"), upload=upload)


SCREEN = FileScreen()
