"""The screen of canned replies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from tenants.connection import in_public
from tenants.models import User
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.refusals import refusals
from tickets.canned_replies.errors import MayNotKeepCannedReplyError
from tickets.canned_replies.pages.canned_reply_resource import CannedReplyResource
from tickets.canned_replies.placeholders import PLACEHOLDERS
from tickets.canned_replies.save_reply import (
    delete_canned_reply,
    keeps_all,
    may_keep,
    plain_reply,
    roles_kept_by,
    save_canned_reply,
)
from tickets.models import CannedReply
from workflows.flat import FlatImportAdmin
from workflows.models import CompanyRole

_SHOWN = 80


def placeholder_help() -> str:
    """Each placeholder with what is put in its place."""
    return "; ".join(f"{{{{{name}}}}}: {meaning}" for name, meaning in PLACEHOLDERS.items())


class CannedReplyForm(forms.ModelForm):  # type: ignore[type-arg]
    # Whose form it is: the admin class says so.
    person: User | None = None

    roles = forms.ModelMultipleChoiceField(
        label=_("Company roles"),
        required=False,
        queryset=CompanyRole.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = CannedReply
        fields = ("name", "text", "roles")
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if in_public() or self.person is None or "roles" not in self.fields:
            return
        field: Any = self.fields["roles"]
        own = [each.pk for each in roles_kept_by(self.person)]
        field.queryset = CompanyRole.objects.filter(pk__in=own)
        if keeps_all(self.person):
            field.help_text = _("Who uses it. None chosen: everybody who works on a ticket.")
        else:
            field.required = True
            field.help_text = _("Who uses it: your own company roles.")

    def clean_text(self) -> str:
        with refusals() as refused:
            return plain_reply(str(self.cleaned_data["text"]))
        raise ValidationError(refused.text)


@admin.register(CannedReply)
class CannedReplyAdmin(FlatImportAdmin, CompanyModelAdmin):
    """For ticket admins, and for workers those of their own company roles."""

    may_add = True
    may_change = True
    may_delete = True
    resource_classes = [CannedReplyResource]
    import_help = _(
        "Canned replies are recognised by their title. Columns that a file does not have stay as "
        "they are; replies that it does not have stay too. Company roles are names, separated by "
        "commas or on a line each; none: for everybody who works on a ticket."
    )
    nothing_yet = _(
        "A canned reply is a text that you write often. Add one, and whoever writes a message puts "
        "it in with a click: names and numbers are filled in by themselves."
    )
    form = CannedReplyForm
    search_fields = ("name", "text")
    search_help_text = _("Search by title or text")
    list_display = ("name", "beginning", "role_names")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CannedReply]:
        replies: QuerySet[CannedReply] = super().get_queryset(request)
        if in_public() or not isinstance(request.user, User):
            return replies
        seen = CannedReply.objects.seen_by(request.user).values("pk")
        return replies.filter(pk__in=seen).prefetch_related("roles")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.person = request.user if isinstance(request.user, User) else None
        if "text" in form.base_fields:
            form.base_fields["text"].help_text = _(
                "Markdown. Filled when the reply is put into a message: %(placeholders)s."
            ) % {"placeholders": placeholder_help()}
        return form

    @display(description=_("text"))
    def beginning(self, reply: CannedReply) -> str:
        return Truncator(" ".join(reply.text.split())).chars(_SHOWN)

    @display(description=_("company roles"))
    def role_names(self, reply: CannedReply) -> str:
        names = ", ".join(sorted(each.name for each in reply.roles.all()))
        return names or gettext("Everybody who works on a ticket")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever only reads it sees for whom it is, as in the list."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("name", "text", "role_names")
        return super().get_fields(request, obj)

    # Who may

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._keeps(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._keeps(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A worker without a company role has none to keep replies for."""
        if not super().has_add_permission(request) or not isinstance(request.user, User):
            return False
        return keeps_all(request.user) or request.user.company_roles.exists()

    def has_import_permission(self, request: HttpRequest) -> bool:
        """A file holds the replies of all teams."""
        user = request.user
        return super().has_import_permission(request) and isinstance(user, User) and keeps_all(user)

    def _keeps(self, request: HttpRequest, obj: Model | None) -> bool:
        if not isinstance(obj, CannedReply) or obj._state.adding:
            return True
        user = request.user
        return isinstance(user, User) and may_keep(user, obj.roles.all())

    # What they do

    def save_model(
        self,
        request: HttpRequest,
        obj: CannedReply,
        form: forms.ModelForm[CannedReply],
        change: bool,
    ) -> None:
        save_canned_reply(
            reply=obj,
            name=obj.name,
            text=obj.text,
            roles=form.cleaned_data["roles"],
            user=self._person(request),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The company roles are saved already, by save_canned_reply."""

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        if isinstance(obj, CannedReply):
            delete_canned_reply(reply=obj, user=self._person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CannedReply]) -> None:
        with transaction.atomic():
            for reply in queryset:
                delete_canned_reply(reply=reply, user=self._person(request))

    @staticmethod
    def _person(request: HttpRequest) -> User:
        if not isinstance(request.user, User):
            raise MayNotKeepCannedReplyError
        return request.user
