from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID, uuid5

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tenants.errors import CompanyLimitError, StorageAwayError
from tenants.names import LONGEST_NAME
from tenants.refusals import refusals
from workflows.engine.process import Json
from workflows.fields.field import Field
from workflows.fields.file.accepted import accepted_by, in_words, refusal_of_name
from workflows.fields.file.content import HEAD, is_looked_at_everywhere, keeps_promise, mismatch
from workflows.fields.on_screen.inputs import AskedField
from workflows.fields.on_screen.screen import FileKeeper, text_input

LONGEST_EXTENSION = 20
_EXAMPLES: Final = UUID("6f9d2a54-3c2b-4f57-9f4a-0c8f4c2d7e11")


@dataclass(frozen=True, slots=True)
class SentFile:
    """What the browser sent: a file, a reference to one that is kept, or the wish to drop it."""

    file: UploadedFile | None
    kept: str
    is_dropped: bool


class FileInput(forms.FileInput):
    """A file input beside the name of the file that is kept already."""

    template_name = "file/file_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, takes: str = "") -> None:
        super().__init__(attrs)
        self.takes = takes

    def value_from_datadict(self, data: Any, files: Any, name: str) -> SentFile:
        return SentFile(
            file=files.get(name) if files else None,
            kept=str(data.get(f"{name}-kept") or ""),
            is_dropped=bool(data.get(f"{name}-drop")),
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def format_value(self, value: Any) -> Any:
        return value

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["kept"] = value if isinstance(value, dict) else None
        context["most_bytes"] = settings.MAX_UPLOAD_BYTES
        context["takes"] = self.takes
        context["limit"] = filesizeformat(settings.MAX_UPLOAD_BYTES)
        return context


class FileAnswer(AskedField):
    """A file, stored the moment it arrives; its answer is {"upload": ..., "filename": ...}."""

    def __init__(self, spec: Field, keeper: FileKeeper | None, first: Json) -> None:
        self.spec = spec
        self._keeper = keeper
        self.kept: Json = first
        self._first = first
        self.accepted = accepted_by(spec)
        attrs = {"aria-required": "true"} if spec.required else {}
        if self.accepted:
            attrs["accept"] = ",".join(self.accepted)
        super().__init__(
            required=False,
            label=spec.label,
            help_text=spec.help,
            widget=FileInput(attrs=attrs, takes=in_words(self.accepted)),
            initial=first,
        )

    def clean(self, value: SentFile) -> Json:
        self.kept = None
        if value.kept and not value.is_dropped and self._keeper is not None:
            self.kept = self._found(self._keeper, value.kept)
        if value.file is not None and self._keeper is not None:
            self.kept = self._keep(self._keeper, value.file)
        return self.kept

    def _found(self, keeper: FileKeeper, key: str) -> Json:
        """A file that was kept before, perhaps for another question. One that is shown stays."""
        found = keeper.find(key)
        if found is None or found == self._first or not self.accepted:
            return found
        name = str(found["filename"])
        head = None if is_looked_at_everywhere(name) else keeper.head(key)
        self._refuse(refusal_of_type(self.accepted, name, head))
        return found

    def _refuse(self, refusal: str) -> None:
        if refusal:
            self.refusal = refusal
            raise ValidationError(refusal)

    def _keep(self, keeper: FileKeeper, file: UploadedFile) -> Json:
        with refusals(CompanyLimitError, StorageAwayError) as refused:
            return keeper.keep(self._checked(file))
        self.refusal = refused.text
        raise ValidationError(self.refusal)

    def _checked(self, file: UploadedFile) -> UploadedFile:
        try:
            return checked(file, self.accepted)
        except ValidationError as error:
            self.refusal = " ".join(error.messages)
            raise

    def kept_answer(self) -> Json:
        return self.kept

    def bound_data(self, data: Any, initial: Any) -> Any:
        return self.kept


class FileNameAnswer(AskedField):
    """The name of a file that need not be there: a test case names files, and holds none."""

    def __init__(self, spec: Field, first: Json) -> None:
        self.spec = spec
        self._first = first
        name = first.get("filename") if isinstance(first, dict) else None
        widget = text_input(placeholder=_("Name of the file"), autocomplete="off")
        if spec.required:
            widget.attrs["aria-required"] = "true"
        super().__init__(
            required=False, label=spec.label, help_text=spec.help, widget=widget, initial=name
        )

    def clean(self, value: Any) -> Json:
        typed = str(value or "")
        if not typed.strip():
            return None
        if isinstance(self._first, dict) and typed == self.initial:
            return self._first
        name = safe_filename(typed)
        return {"upload": made_up_upload(name), "filename": name}


def made_up_upload(name: str) -> str:
    """The key of a file that is not there: the same one for the same name."""
    return str(uuid5(_EXAMPLES, name))


def checked(file: UploadedFile, accepted: Sequence[str] = ()) -> UploadedFile:
    """The file with a name and a type that can be kept.

    An image whose name ends like that of another kind gets the right ending: phones write such
    names, and nobody can change them there. `accepted`: the types that are taken; none: all.

    Raises:
        ValidationError: it is empty, larger than MAX_UPLOAD_BYTES, not what its name says, or of
            a type that is not taken.
    """
    if not file.size:
        raise ValidationError(_("This file is empty. Choose another."))
    if file.size > settings.MAX_UPLOAD_BYTES:
        raise ValidationError(
            _("This file is larger than %(limit)s. Choose a smaller one.")
            % {"limit": filesizeformat(settings.MAX_UPLOAD_BYTES)}
        )
    head = _head_of(file)
    file.name = _name_for(head, safe_filename(file.name or ""))
    if refusal := refusal_of_type(accepted, file.name, head):
        raise ValidationError(refusal)
    file.content_type = "".join(filter(str.isprintable, file.content_type or ""))[:100]
    return file


def refusal_of_type(accepted: Sequence[str], name: str, head: bytes | None) -> str:
    """Why a file is not taken where these types are; empty where it is.

    `head` is the first HEAD bytes of it; None: they are known to be what the name says.
    """
    if not accepted:
        return ""
    refusal = refusal_of_name(accepted, name)
    if refusal or head is None or keeps_promise(head, name):
        return refusal
    text = _(
        "“%(name)s” is not what its name says: it does not begin as such files do. It may be "
        "damaged. Save it once more, or choose another file."
    )
    return text % {"name": name}


def _head_of(file: UploadedFile) -> bytes:
    file.seek(0)
    head: bytes = file.read(HEAD)
    file.seek(0)
    return head


def _name_for(head: bytes, name: str) -> str:
    wrong = mismatch(head, name)
    if wrong is None:
        return name
    found, expected = wrong.found, wrong.expected
    if found is not None and found.is_image and expected is not None and expected.is_image:
        return str(PurePath(name).with_suffix(found.ending))
    if expected is None and found is not None:
        text = _(
            "“%(name)s” is not what its name says: it is %(found)s. Give it the right ending, or "
            "choose another file."
        )
        raise ValidationError(text % {"name": name, "found": found.name})
    if found is not None and expected is not None:
        text = _(
            "“%(name)s” is not what its name says, %(expected)s: it is %(found)s. Give it the "
            "right ending, or choose another file."
        )
        values = {"name": name, "found": found.name, "expected": expected.name}
        raise ValidationError(text % values)
    text = _(
        "“%(name)s” is not what its name says: it does not begin as %(expected)s does. It may be "
        "damaged. Save it once more, or choose another file."
    )
    raise ValidationError(text % {"name": name, "expected": expected.name if expected else ""})


def safe_filename(name: str) -> str:
    """A name without folders, control characters and marks that turn the text around."""
    name = PurePath(name.replace("\\", "/")).name
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn"))
    name = " ".join(name.split())
    if not name.strip(" ."):
        return "file"
    path = PurePath(name)
    extension = path.suffix if len(path.suffix) <= LONGEST_EXTENSION else ""
    return name.removesuffix(extension)[: LONGEST_NAME - len(extension)] + extension
