"""The pages on which a superuser makes a company of an archive."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tenants.account.password_again import FIELD, is_recent
from tenants.companies.active_company import active_company
from tenants.connection import company_of
from tenants.errors import TicketFlowerError
from tenants.models import Company, CompanyExport, CompanyRestore
from tenants.models.company_export import ExportStatus
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tenants.pages.refusals import refusals_in
from tenants.schema_names import validate_schema_name
from tickets.company_data.errors import ArchiveGoneError
from tickets.company_data.restoring import (
    Seen,
    TooMuchAtOnceError,
    end_abandoned_restore,
    in_use,
    look_into,
    start_restore,
)

# So many earlier ones are listed.
MOST_SHOWN = 20


class ExportChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: CompanyExport) -> str:
        at = date_format(localtime(obj.created_at), "DATETIME_FORMAT")
        return gettext("%(company)s, %(at)s") % {"company": obj.company, "at": at}


class RestoreForm(forms.Form):
    """An archive, and what becomes of it. What is wrong with it stands beside it."""

    archive = forms.FileField(
        label=gettext_lazy("An archive"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".zip", "class": "file-input"}),
    )
    export = ExportChoice(
        label=gettext_lazy("Or an export that is kept here"),
        required=False,
        queryset=CompanyExport.objects.none(),
        empty_label=pgettext_lazy("an export", "None"),
        widget=UnfoldAdminSelectWidget,
    )
    name = NameInput(
        label=gettext_lazy("Name of the new company"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget,
    )
    schema_name = forms.CharField(
        label=gettext_lazy("Its schema"),
        required=False,
        max_length=63,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Empty: it is made from the name. It never changes."),
    )
    makes_up_addresses = forms.BooleanField(
        label=gettext_lazy("Make up addresses"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy(
            "Whoever has an e-mail address that is in use here gets one that no mail reaches."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = CompanyExport.objects.filter(status=ExportStatus.DONE).select_related("company")
        self.fields["export"].queryset = kept.order_by("-pk")  # type: ignore[attr-defined]
        self.fields["archive"].help_text = gettext(
            "The .zip file of an export, of at most %(most)s. Larger ones are restored on the "
            "server: manage.py restore_company."
        ) % {"most": filesizeformat(settings.RESTORE_UPLOAD_BYTES)}

    def clean_schema_name(self) -> str:
        schema = str(self.cleaned_data["schema_name"])
        if schema:
            validate_schema_name(schema)
            if Company.objects.filter(schema_name=schema).exists():
                raise ValidationError(gettext("Another company has this schema."))
        return schema

    def clean_archive(self) -> UploadedFile | None:
        archive: UploadedFile | None = self.cleaned_data["archive"]
        if archive is not None and (archive.size or 0) > settings.RESTORE_UPLOAD_BYTES:
            raise ValidationError(gettext("It is too large to be uploaded."))
        return archive

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        archive, export = found.get("archive"), found.get("export")
        if self.has_error("archive") or self.has_error("export"):
            return found
        if archive is not None and export is None:
            self._look_into("archive", partial(look_into, archive))
        elif export is not None and archive is None:
            self._look_into("export", partial(_seen_of, export))
        else:
            self.add_error("archive", gettext("Choose a file, or one of the exports."))
        return found

    def _look_into(self, field: str, look: Callable[[], Seen]) -> None:
        try:
            seen = look()
        except TicketFlowerError as error:
            # What was made here is not believed either, but the worker takes much of it.
            if field == "archive" or not isinstance(error, TooMuchAtOnceError):
                self.add_error(field, str(error))
            return
        if seen.addresses_in_use and not self.cleaned_data.get("makes_up_addresses"):
            self.add_error("makes_up_addresses", in_use(seen.addresses_in_use))


def _seen_of(export: CompanyExport) -> Seen:
    try:
        with company_of(export.company.schema_name):
            content = default_storage.open(export.key)
    except FileNotFoundError as error:
        raise ArchiveGoneError from error
    with content:
        return look_into(content)


class _RestorePage(Page):
    """For superusers outside of every company: a schema is made from `public`."""

    permissions = ("tenants.manage_company_data",)
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        is_outside = active_company(request) is None
        return super().admits(request) and request.user.is_superuser and is_outside

    def shell(self) -> dict[str, Any]:
        return {**super().shell(), "opts": None}


@register_page(Company, "restore/", name="tenants_company_restore")
class RestorePage(_RestorePage):
    """The form, and what was restored before; a POST starts it, with the password again."""

    title = gettext_lazy("Restore a company")
    template_name = "company_data/restore.html"
    menu = MenuEntry(MenuSection.INSTALLATION, icon="settings_backup_restore", order=60)

    @classmethod
    def body_limit(cls, request: HttpRequest) -> int:
        own = super().body_limit(request)
        return own + settings.RESTORE_UPLOAD_BYTES if cls.admits(request) else own

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._show(RestoreForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = RestoreForm(request.POST, request.FILES)
        if form.is_valid():
            with refusals_in(form):
                restore = start_restore(by=self.person, **form.cleaned_data)
                return redirect("admin:tenants_company_restoring", restore.pk)
        return self._show(form)

    def _show(self, form: RestoreForm) -> HttpResponse:
        found = CompanyRestore.objects.select_related("company").order_by("-pk")[:MOST_SHOWN]
        return self.show(
            form=form,
            restores=[end_abandoned_restore(each) for each in found],
            # In the form, as browsers do not let a file be put back into it.
            password_field="" if is_recent(self.request) else FIELD,
        )


class _OneRestore(_RestorePage):
    restore: CompanyRestore

    def find(self, **arguments: Any) -> None:
        found = CompanyRestore.objects.select_related("company")
        restore = found.filter(pk=arguments["restore_id"]).first()
        if restore is None:
            raise Http404
        self.restore = end_abandoned_restore(restore)


@register_page(Company, "restore/<int:restore_id>/", name="tenants_company_restoring")
class RestoringPage(_OneRestore):
    """How far it is, and what came of it."""

    title = gettext_lazy("Restore a company")
    template_name = "company_data/restoring.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        address = reverse("admin:tenants_company_restoring_state", args=(self.restore.pk,))
        return self.show(restore=self.restore, state_url=address)


@register_page(Company, "restore/<int:restore_id>/state/", name="tenants_company_restoring_state")
class RestoringState(_OneRestore):
    """The same as a piece of HTML, for progress.js."""

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        html = render_to_string("company_data/_restore.html", {"restore": self.restore}, request)
        return JsonResponse({"html": html, "over": not self.restore.is_under_way})
