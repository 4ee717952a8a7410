"""The pages that download a list and upload one, for the admin classes of companies' lists."""

from __future__ import annotations

import base64
import binascii
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from import_export.admin import ExportMixin, ImportMixin
from import_export.formats.base_formats import Format
from import_export.results import Result
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.companies.active_company import active_company
from tenants.limits.bodies import FORM_BODY, LARGE_BODY
from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.refusals import refusals
from workflows.flat.errors import FlatFileError
from workflows.flat.formats import FORMATS, format_of
from workflows.flat.resource import MOST_ROWS, FlatResource

DOWNLOADED = declare("files.list_downloaded", gettext_lazy("Downloaded a list"))

MOST_BYTES: Final = 2 * 1024 * 1024
# Rows of a preview; the rest is counted.
MOST_SHOWN: Final = 200
# More than a spreadsheet is good for, and than a web server should make at once.
MOST_EXPORTED: Final = 50_000


class ListImportForm(ImportForm):
    """A file; what kind it is, is seen in it."""

    import_file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy(".xlsx, .csv or .json, at most 2 MB")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["format"]
        self.fields["import_file"].widget.attrs.update(accept=".xlsx,.csv,.json")

    @property
    def media(self) -> forms.Media:
        return forms.Media()  # the library's scripts guess the format

    def clean_import_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["import_file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(
                _("The file is larger than %(most)d MB. Split it.")
                % {"most": MOST_BYTES // 1024 // 1024}
            )
        return file


class ConfirmForm(forms.Form):
    """The file that was checked, on its way back: nothing of it is kept on the server."""

    content = forms.CharField(widget=forms.HiddenInput, max_length=MOST_BYTES * 4 // 3 + 4)
    name = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_NAME, required=False)

    def clean_content(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError(_("Upload the file again.")) from error


class FlatExportAdmin(ExportMixin):
    """A list that whoever sees it may download: the rows that its filters show."""

    export_form_class = ExportForm
    export_template_name = "flat/export.html"
    resource_classes: ClassVar[list[type[FlatResource[Any]]]] = []
    export_help: Any = ""

    def has_export_permission(self, request: HttpRequest) -> bool:
        may_view: bool = self.has_view_permission(request)
        return active_company(request) is not None and may_view

    def get_export_formats(self) -> list[type[Format]]:
        return FORMATS

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the format, then send the rows that the list shows with its filters.

        Which rows, the filters say: no list of ids is taken from a form.
        """
        if not self.has_export_permission(request):
            raise PermissionDenied
        formats = self.get_export_formats()
        form = self.export_form_class(formats, self.resource_classes, data=request.POST or None)
        try:
            queryset = self.get_export_queryset(request)
            count = queryset.count()
            self._ensure_few(count)
            if form.is_valid():
                answer = self._download(
                    self.export_resource(request),
                    queryset,
                    formats[int(form.cleaned_data["format"])](),
                )
                self._record_download(request, answer, rows=count)
                return answer
        except (
            IncorrectLookupParameters,
            DisallowedModelAdminLookup,
        ):  # what a person typed into the address
            return HttpResponseRedirect(self._list())
        except FlatFileError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self._list())
        request.current_app = self.admin_site.name
        context = self.init_request_context_data(request, form)
        return TemplateResponse(request, [self.export_template_name], context=context)

    def _ensure_few(self, count: int) -> None:
        if count > MOST_EXPORTED:
            text = _(
                "These are %(count)d rows; at most %(most)d fit a file. Filter the list first."
            )
            raise FlatFileError(text % {"count": count, "most": MOST_EXPORTED})

    def export_resource(self, request: HttpRequest) -> FlatResource[Any]:
        """What makes the rows of a download."""
        return self.resource_classes[0]()

    def _download(
        self, resource: FlatResource[Any], queryset: QuerySet[Any], file_format: Any
    ) -> HttpResponseBase:
        """The file is whole before anything of it is sent: what it reads is this company's."""
        title = str(self.opts.verbose_name_plural)
        with file_format.begin(has_many_tables=resource.has_many_tables) as file:
            resource.write(queryset, file, title=f"{title[:1].upper()}{title[1:]}")
            content = file.finish()
        name = f"{slugify(title) or 'list'}-{localdate():%Y-%m-%d}.{file.extension}"
        headers = {"X-Content-Type-Options": "nosniff"}
        return FileResponse(
            content, as_attachment=True, filename=name, content_type=file.content_type,
            headers=headers,
        )  # fmt: skip

    def _record_download(
        self, request: HttpRequest, answer: HttpResponseBase, *, rows: int
    ) -> None:
        record(
            DOWNLOADED,
            list=self.opts.label_lower,
            rows=rows,
            filters=dict(request.GET.items()),
            file=getattr(answer, "filename", ""),
        )

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        name = {"name": self.opts.verbose_name_plural}
        return {
            **context,
            "title": _("Download: %(name)s") % name,
            "headings": [
                each.column_name
                for each in self.export_resource(request).get_export_fields()
                if each.column_name in self.resource_classes[0].headings()
            ],
            "export_help": self.export_help,
            "list_url": self._list(),
        }

    def _list(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


class FlatImportAdmin(FlatExportAdmin, ImportMixin):
    """A list that can be uploaded too, by whoever may add to it and change it.

    A file is tried out first, and the page says what it would do. Confirming sends it once
    more, and it is checked again.
    """

    import_form_class = ListImportForm
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    import_help: Any = ""

    def body_limit(self, request: HttpRequest) -> int:
        """How large a body this person may send to the screens of this list, in bytes."""
        return LARGE_BODY if self.has_import_permission(request) else FORM_BODY

    def has_import_permission(self, request: HttpRequest) -> bool:
        return (
            active_company(request) is not None
            and bool(self.has_add_permission(request))
            and bool(self.has_change_permission(request))
        )

    def get_import_formats(self) -> list[type[Format]]:
        return FORMATS

    def import_action(self, request: HttpRequest, **_options: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_import_form(request)
        if request.method != "POST" or not form.is_valid():
            return self._import_page(request, form)
        file = form.cleaned_data["import_file"]
        return self._try(request, form, file.read(MOST_BYTES + 1), file.name or "")

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **_options: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        confirmed = ConfirmForm(request.POST)
        form = self.import_form_class(
            self.get_import_formats(), self.get_import_resource_classes(request)
        )
        if not confirmed.is_valid():
            return self._import_page(request, form, failure=_("Upload the file again."))
        content, name = confirmed.cleaned_data["content"], confirmed.cleaned_data["name"]
        return self._try(request, form, content, name, is_trial=False)

    def _try(
        self, request: HttpRequest, form: Any, content: bytes, name: str, *, is_trial: bool = True
    ) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        resource = self.resource_classes[0](user=user, list_name=self.opts.label_lower)
        result: Result | None = None
        with refusals() as refused:
            table = format_of(content, name).create_dataset(content)
            result = resource.run(table, is_trial=is_trial)
        if result is None:
            return self._import_page(request, form, failure=refused.text)
        problems, totals = resource.problems(result), result.totals
        if not problems and not is_trial:
            text = _("Imported: %(new)d new, %(update)d changed, %(skip)d as they were.")
            messages.success(request, text % totals)
            return HttpResponseRedirect(self._list())
        changes = resource.changes(result) if not problems else []
        encoded = base64.b64encode(content).decode()
        return self._import_page(
            request,
            form,
            problems=problems[:MOST_SHOWN],
            more_problems=max(len(problems) - MOST_SHOWN, 0),
            problem_count=len(problems),
            is_checked=not problems,
            totals=dict(totals),
            changes=changes[:MOST_SHOWN],
            hidden_change_count=max(len(changes) - MOST_SHOWN, 0),
            confirm_form=ConfirmForm(initial={"content": encoded, "name": name[-LONGEST_NAME:]}),
        )

    def _import_page(self, request: HttpRequest, form: Any, **found: Any) -> HttpResponse:
        resource = self.resource_classes[0]()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Upload: %(name)s") % {"name": self.opts.verbose_name_plural},
            "form": form,
            "headings": [each.column_name for each in resource.fields.values()],
            "import_help": self.import_help,
            "most_rows": MOST_ROWS,
            "prefix": f"admin:{self.opts.app_label}_{self.opts.model_name}",
            "list_url": self._list(),
            **found,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "flat/import.html", context)
