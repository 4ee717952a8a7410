from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.admin.base import CompanyModelAdmin
from tenants.models import User
from tickets.admin import progress
from tickets.admin.once import do_once, new_token
from tickets.admin.tabs import TabbedChangeList, is_archive
from tickets.admin.uploads import UploadKeeper
from tickets.errors import MayNotSubmitError, UnknownUploadError
from tickets.models import MyTicket, Ticket, TicketDefinition, TicketError
from tickets.services import submit_ticket
from workflows.engine.errors import FieldError
from workflows.errors import InvalidDataError
from workflows.forms import AnswersForm

# Fewer than a bigint has, so that Postgres takes every number that is left.
MOST_DIGITS = 18
MANY_CARDS = 8


class TitleForm(forms.Form):
    """What the submitter calls the ticket, and which sending of the form this is."""

    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        required=False,
        help_text=_("A few words by which you will find the ticket again. You may leave it out."),
        widget=UnfoldAdminTextInputWidget,
    )
    token = forms.RegexField("^[0-9a-f]{32}$", required=False, widget=forms.HiddenInput)


@admin.register(MyTicket)
class MyTicketAdmin(CompanyModelAdmin):
    """The tickets that one has submitted, and the form that submits one."""

    may_add = True
    # Of one person: there are few, and Unfold says "N results" where it is told no total.
    show_full_result_count = True
    actions = None
    change_list_template = "tickets/my_ticket_list.html"
    list_display = ("number", "name", "state", "where", "type", "submitted_at", "ended_at")
    list_display_links = ("number", "name")
    search_fields = ("title", "definition__title", "=id")
    ordering = ("-pk",)

    # Whose tickets

    def get_queryset(self, request: HttpRequest) -> QuerySet[MyTicket]:
        errors = TicketError.objects.unresolved().filter(ticket=OuterRef("pk"))
        own: Any = super().get_queryset(request)
        tickets: QuerySet[MyTicket] = (
            own.submitted_by(request.user)
            .with_progress()
            .select_related("workflow")
            .annotate(is_stuck=Exists(errors))
        )
        return tickets

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TabbedChangeList]:
        return TabbedChangeList

    def tab(self, tickets: Any, *, archive: bool) -> Any:
        return tickets.ended() if archive else tickets.running()

    def get_list_display(self, request: HttpRequest) -> list[str]:
        left_out = {"where"} if is_archive(request) else {"ended_at"}
        return [name for name in self.list_display if name not in left_out]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> Any:
        return super().get_search_results(request, queryset, search_term.replace("#", " "))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": gettext("My tickets"), "subtitle": None, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @display(description=_("Number"), ordering="pk")
    def number(self, ticket: MyTicket) -> str:
        return f"#{ticket.pk}"

    @display(description=_("Title"), ordering="title")
    def name(self, ticket: MyTicket) -> SafeString:
        return format_html('<span class="tk-clip">{}</span>', ticket.title)

    @display(description=_("Type"), ordering="definition__title")
    def type(self, ticket: MyTicket) -> SafeString:
        return format_html('<span class="tk-clip">{}</span>', ticket.definition.title)

    @display(description=_("Status"))
    def state(self, ticket: MyTicket) -> SafeString:
        return progress.status_badge(ticket, is_stuck=self._is_stuck(ticket))

    @display(description=_("Where it is now"))
    def where(self, ticket: MyTicket) -> SafeString:
        text = progress.where_now(ticket, is_stuck=self._is_stuck(ticket))
        return format_html('<span class="tk-clip">{}</span>', text)

    @display(description=_("Submitted"), ordering="created_at")
    def submitted_at(self, ticket: MyTicket) -> Any:
        return ticket.created_at

    @display(description=_("Ended"), ordering="workflow_instance__completed_at")
    def ended_at(self, ticket: MyTicket) -> Any:
        return ticket.workflow_instance.completed_at if ticket.workflow_instance else None

    def _is_stuck(self, ticket: Ticket) -> bool:
        return bool(getattr(ticket, "is_stuck", False))

    # One ticket

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        ticket = self.get_object(request, unquote(object_id))
        if ticket is None:
            raise Http404
        is_stuck = self._is_stuck(ticket)
        context = {
            **self._page(request, title=ticket.title),
            **progress.submitted(ticket),
            "ticket": ticket,
            "original": ticket,
            "badge": progress.status_badge(ticket, is_stuck=is_stuck),
            "is_stuck": is_stuck and not ticket.has_ended,
            "timeline": progress.timeline(ticket, is_stuck=is_stuck),
            "picture": progress.picture(ticket),
        }
        return TemplateResponse(request, "tickets/my_ticket.html", context)

    def _page(self, request: HttpRequest, *, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    # Submitting

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("submit/", wrap(self.submit_view), name="tickets_myticket_submit"),
            path(
                "visible/",
                wrap(require_POST(self.visible_view)),
                name="tickets_myticket_visible",
            ),
            *super().get_urls(),
        ]

    def submit_view(self, request: HttpRequest) -> HttpResponse:
        """The ticket types that this person may submit, as cards."""
        user = self._submitter(request)
        types = list(TicketDefinition.objects.submittable_by(user).order_by("title", "pk"))
        context = {
            **self._page(request, title=gettext("Submit a ticket")),
            "types": types,
            "has_search": len(types) >= MANY_CARDS,
            "may_create_workflows": user.has_perm("workflows.add_workflowdefinition"),
        }
        return TemplateResponse(request, "tickets/submit.html", context)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form of one ticket type, named by `?definition=`."""
        user = self._submitter(request)
        named = _named_definition(request)
        if named is None:
            return self._back_to_cards(request)
        definition = _offered_now(named, user)
        if definition is None:
            text = gettext("You cannot submit this type of ticket (any more). Choose another.")
            return self._back_to_cards(request, text)
        try:
            if request.method == "POST":
                return self._submit(request, user, definition, named)
            form = AnswersForm(definition.workflow.fields, presets=definition.presets)
        except FieldError:
            text = gettext("The form of “%(title)s” is broken. Tell whoever made this ticket type.")
            return self._back_to_cards(request, text % {"title": definition.title})
        if definition != named:
            return redirect(_form_address(definition))
        return self._form_page(request, definition, form, TitleForm(initial=_fresh()))

    def _submit(
        self,
        request: HttpRequest,
        user: User,
        definition: TicketDefinition,
        filled_in: TicketDefinition,
    ) -> HttpResponse:
        form = AnswersForm(
            definition.workflow.fields,
            presets=definition.presets,
            data=request.POST,
            files=request.FILES,
            keeper=UploadKeeper(user=user),
        )
        title_form = TitleForm(request.POST)
        if not _asks_the_same(definition, filled_in):
            text = gettext(
                "This form was changed while you filled it in. Check your answers and submit again."
            )
            messages.warning(request, text)
            return self._form_page(request, definition, form, title_form)
        if not (form.is_valid() & title_form.is_valid()):
            return self._form_page(request, definition, form, title_form)

        def submit() -> int:
            ticket = submit_ticket(
                definition=definition,
                data=form.answers(),
                user=user,
                title=title_form.cleaned_data["title"],
            )
            return ticket.pk

        token = title_form.cleaned_data["token"] or new_token()
        try:
            number, is_new = do_once(request, token=token, act=submit)
        except MayNotSubmitError as error:
            return self._back_to_cards(request, str(error))
        except InvalidDataError as error:
            form.add_problems(error.problems)
            return self._form_page(request, definition, form, title_form)
        except UnknownUploadError:
            form.add_error(None, gettext("A file was lost on the way. Choose it again."))
            return self._form_page(request, definition, form, title_form)
        if is_new:
            text = gettext("Your ticket was submitted. Its number is #%(number)s.")
            messages.success(request, text % {"number": number})
        else:
            text = gettext("You have submitted this form already, as ticket #%(number)s.")
            messages.info(request, text % {"number": number})
        return redirect("admin:tickets_myticket_change", number)

    def _form_page(
        self,
        request: HttpRequest,
        definition: TicketDefinition,
        form: AnswersForm,
        title_form: TitleForm,
    ) -> HttpResponse:
        context = {
            **self._page(request, title=definition.title),
            "definition": definition,
            "references": progress.references(definition.ext_ref),
            "form": form,
            "title_form": title_form,
            "action": _form_address(definition),
            "visible_url": _visible_address(definition) if form.is_conditional else "",
        }
        return TemplateResponse(request, "tickets/ticket_form.html", context)

    def visible_view(self, request: HttpRequest) -> JsonResponse:
        """Which questions are shown for the answers so far; forms.js asks."""
        user = self._submitter(request)
        named = _named_definition(request)
        definition = _offered_now(named, user) if named else None
        if definition is None:
            raise Http404
        keeper = UploadKeeper(user=user)
        return visible_answer(
            definition.workflow.fields, definition.presets, request.POST, keeper=keeper
        )

    def _submitter(self, request: HttpRequest) -> User:
        if not self.has_add_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _back_to_cards(self, request: HttpRequest, text: str = "") -> HttpResponse:
        if text:
            messages.warning(request, text)
        return redirect("admin:tickets_myticket_submit")


def visible_answer(
    specs: object, presets: Mapping[str, Any], data: Any, *, keeper: UploadKeeper
) -> JsonResponse:
    """The names of the questions that are shown for these answers, for forms.js.

    Raises:
        Http404: the definition's fields are broken.
    """
    try:
        form = AnswersForm(specs, presets=presets, data=data, keeper=keeper)
    except FieldError as error:
        raise Http404 from error
    return JsonResponse({"visible": form.visible_names})


def _fresh() -> dict[str, str]:
    return {"token": new_token()}


def _named_definition(request: HttpRequest) -> TicketDefinition | None:
    """The ticket type that the address names, in whatever version; None for anything else."""
    named = request.GET.get("definition", "")
    if not (named.isascii() and named.isdigit()) or len(named) > MOST_DIGITS:
        return None
    definitions = TicketDefinition.objects.select_related("workflow")
    return definitions.filter(pk=int(named)).first()


def _offered_now(named: TicketDefinition, user: User) -> TicketDefinition | None:
    """The version of a ticket type that this person may submit today."""
    offered = TicketDefinition.objects.submittable_by(user)
    return offered.filter(key=named.key).first()


def _asks_the_same(definition: TicketDefinition, other: TicketDefinition) -> bool:
    return definition == other or (
        definition.workflow.fields == other.workflow.fields and definition.presets == other.presets
    )


def _form_address(definition: TicketDefinition) -> str:
    return reverse("admin:tickets_myticket_add", query={"definition": definition.pk})


def _visible_address(definition: TicketDefinition) -> str:
    return reverse("admin:tickets_myticket_visible", query={"definition": definition.pk})
