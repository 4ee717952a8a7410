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
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.active_company import active_company
from tenants.fast.prepared import PreparedQuery
from tenants.models import User
from tenants.models.fields import NameInput
from tenants.pages.badges import clipped
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.once import do_once, new_token, result_of
from tenants.pages.tabs import TabbedChangeList, is_archive
from tickets.errors import MayNotSubmitError, TooManySavedAnswersError, UnknownUploadError
from tickets.files.pages.uploads import UploadKeeper
from tickets.following.pages import progress
from tickets.models import MyTicket, SavedAnswers, Ticket, TicketError
from tickets.saving.pages.saved import (
    continued_form,
    forget_typed,
    is_saving,
    tell_of_changes,
    tell_saved,
)
from tickets.saving.save_answers import discard_saved_answers, save_ticket_answers
from tickets.submitting.name_ticket import name_ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.engine.errors import FieldError
from workflows.errors import InvalidDataError
from workflows.forms import AnswersForm
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of

# Fewer than a bigint has, so that Postgres takes every number that is left.
MOST_DIGITS = 18
MANY_CARDS = 8


class TitleForm(forms.Form):
    """What the submitter calls the ticket, and which sending of the form this is."""

    title = NameInput(
        label=_("Title"),
        max_length=200,
        required=False,
        help_text=_(
            "A few words by which you will find the ticket again. "
            "Left out, it is made of your first answers."
        ),
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
    change_list_template = "following/my_ticket_list.html"
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
        context = {
            "title": gettext("My tickets"),
            "subtitle": None,
            "saved_tickets": self._saved_tickets(request),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def _saved_tickets(self, request: HttpRequest) -> list[SavedAnswers]:
        """What the person has begun, to be shown above what runs."""
        if is_archive(request) or not self.has_add_permission(request):
            return []
        return list(_saved_of(request))

    @display(description=_("Number"), ordering="pk")
    def number(self, ticket: MyTicket) -> str:
        return f"#{ticket.pk}"

    @display(description=_("Title"), ordering="title")
    def name(self, ticket: MyTicket) -> SafeString:
        return clipped(ticket.title)

    @display(description=_("Type"), ordering="definition__title")
    def type(self, ticket: MyTicket) -> SafeString:
        return clipped(ticket.definition.title)

    @display(description=_("Status"))
    def state(self, ticket: MyTicket) -> SafeString:
        return progress.status_badge(ticket, is_stuck=self._is_stuck(ticket))

    @display(description=_("Where it is now"))
    def where(self, ticket: MyTicket) -> SafeString:
        text = progress.where_now(ticket, is_stuck=self._is_stuck(ticket))
        return clipped(text)

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
        return TemplateResponse(request, "following/my_ticket.html", context)

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
            path(
                "saved/<int:saved_id>/discard/",
                wrap(require_POST(self.discard_view)),
                name="tickets_myticket_discard",
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
        return TemplateResponse(request, "submitting/submit.html", context)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form of one ticket type, named by `?definition=`.

        With `?saved=` it is one that was begun, with what was answered so far.
        """
        user = self._submitter(request)
        offered = _offered_as_named(request, user)
        named = offered or _named_definition(request)
        if named is None:
            return self._back_to_cards(request)
        saved = _named_saved(request)
        definition = offered or _offered_now(named, user)
        if definition is None:
            text = gettext("You cannot submit this type of ticket (any more). Choose another.")
            return self._back_to_cards(request, text)
        try:
            if saved is not None and request.method != "POST":
                return self._continue(request, user, definition, saved)
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
        if is_saving(request):
            return self._save(request, user, filled_in, form, title_form)
        if not _asks_the_same(definition, filled_in):
            text = gettext(
                "This form was changed while you filled it in. Check your answers and submit again."
            )
            messages.warning(request, text)
            return self._form_page(request, definition, form, title_form)
        if not (form.is_valid() & title_form.is_valid()):
            return self._form_page(request, definition, form, title_form)

        def submit() -> int:
            answers = form.answers()
            title = title_form.cleaned_data["title"] or name_ticket(
                definition=definition, fields=form.validator.fields.values(), answers=answers
            )
            ticket = submit_ticket(
                definition=definition,
                data=answers,
                user=user,
                title=title,
                slot=token,
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
            _tell_submitted_before(request, number)
        answer = redirect("admin:tickets_myticket_change", number)
        return forget_typed(answer, _form_name(request, definition))

    # Saving for later

    def _save(
        self,
        request: HttpRequest,
        user: User,
        definition: TicketDefinition,
        form: AnswersForm,
        title_form: TitleForm,
    ) -> HttpResponse:
        """Keep the form as it is; only what no database could hold is refused.

        `definition` is the version that was filled in: a later one is told of on the way back.
        """
        # A token that is no token was not ours.
        is_ours = not title_form.errors.get("token")
        slot = (title_form["token"].value() if is_ours else "") or new_token()
        number = result_of(request, token=slot)
        if number is not None:
            _tell_submitted_before(request, number)
            return redirect("admin:tickets_myticket_change", number)
        try:
            save_ticket_answers(
                definition=definition,
                slot=slot,
                answers=form.answers_so_far(),
                user=user,
                title=title_form["title"].value() or "",
            )
        except InvalidDataError as error:
            form.show_only(error.problems)
            return self._form_page(request, definition, form, title_form)
        except TooManySavedAnswersError as error:
            messages.warning(request, str(error))
            form.show_only([])
            return self._form_page(request, definition, form, title_form)
        tell_saved(request, form)
        answer = redirect("admin:tickets_myticket_changelist")
        return forget_typed(answer, _form_name(request, definition))

    def _continue(
        self, request: HttpRequest, user: User, definition: TicketDefinition, saved: SavedAnswers
    ) -> HttpResponse:
        """The form as the person left it, in the version of today.

        Raises:
            FieldError: the definition's fields are broken.
        """
        specs, presets = definition.workflow.fields, definition.presets
        form = continued_form(saved, specs, presets=presets, keeper=UploadKeeper(user=user))
        tell_of_changes(request, saved, specs, presets=presets)
        title_form = TitleForm(initial={"title": saved.title, "token": saved.slot})
        return self._form_page(request, definition, form, title_form)

    def discard_view(self, request: HttpRequest, saved_id: int) -> HttpResponse:
        """Throw away what was begun."""
        self._submitter(request)
        saved = _saved_of(request).filter(pk=saved_id).first() if saved_id < 2**63 else None
        if saved is None:
            raise Http404
        title = str(saved)
        discard_saved_answers(saved=saved)
        messages.success(request, gettext("“%(title)s” was discarded.") % {"title": title})
        return redirect("admin:tickets_myticket_changelist")

    def _form_page(
        self,
        request: HttpRequest,
        definition: TicketDefinition,
        form: AnswersForm,
        title_form: TitleForm,
    ) -> HttpResponse:
        saved = _named_saved(request)
        context = {
            **self._page(request, title=definition.title),
            "definition": definition,
            "references": progress.references(definition.ext_ref),
            "form": form,
            "title_form": title_form,
            "action": _form_address(definition, saved),
            "form_name": _form_name(request, definition),
            "saved": saved,
            "visible_url": _visible_address(definition) if form.is_conditional else "",
        }
        return TemplateResponse(request, "submitting/ticket_form.html", context)

    def visible_view(self, request: HttpRequest) -> JsonResponse:
        """Which questions are shown for the answers so far; forms.js asks."""
        user = self._submitter(request)
        definition = _offered_as_named(request, user)
        if definition is None:
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


def _named_id(request: HttpRequest) -> int | None:
    named = request.GET.get("definition", "")
    is_number = named.isascii() and named.isdigit() and len(named) <= MOST_DIGITS
    return int(named) if is_number else None


def _named_definition(request: HttpRequest) -> TicketDefinition | None:
    """The ticket type that the address names, in whatever version; None for anything else."""
    definitions = TicketDefinition.objects.select_related("workflow")
    pk = _named_id(request)
    return None if pk is None else definitions.filter(pk=pk).first()


_offered = PreparedQuery(
    lambda pk, user_id: TicketDefinition.objects.open_to(user_id).filter(pk=pk), slots=2
)


def _offered_as_named(request: HttpRequest, user: User) -> TicketDefinition | None:
    """The ticket type that the address names, where that version is offered today.

    So it nearly always is: one short query then does for those that tell why it is not.
    """
    pk = _named_id(request)
    definition = None if pk is None else _offered.first(pk, user.pk)
    if definition is not None:
        definition.workflow = definition_of(definition.workflow_id).workflow
    return definition


def _offered_now(named: TicketDefinition, user: User) -> TicketDefinition | None:
    """The version of a ticket type that this person may submit today."""
    offered = TicketDefinition.objects.submittable_by(user)
    return offered.filter(key=named.key).first()


def _asks_the_same(definition: TicketDefinition, other: TicketDefinition) -> bool:
    return definition == other or (
        definition.workflow.fields == other.workflow.fields and definition.presets == other.presets
    )


def _saved_of(request: HttpRequest) -> QuerySet[SavedAnswers]:
    """What the person has begun in the active company."""
    if not isinstance(request.user, User) or active_company(request) is None:
        return SavedAnswers.objects.none()
    return SavedAnswers.objects.of_tickets(request.user)


def _named_saved(request: HttpRequest) -> SavedAnswers | None:
    """What `?saved=` names; None where it names nothing.

    A form that is sent does without: it has all answers itself, and must not lose them
    because what it began with was discarded in the meantime.

    Raises:
        Http404: it names something that is not (or no longer) this person's.
    """
    named = request.GET.get("saved", "")
    if not named:
        return None
    is_number = named.isascii() and named.isdigit() and len(named) <= MOST_DIGITS
    saved = _saved_of(request).filter(pk=int(named)).first() if is_number else None
    if saved is None and request.method != "POST":
        raise Http404
    return saved


def _tell_submitted_before(request: HttpRequest, number: int) -> None:
    text = gettext("You have submitted this form already, as ticket #%(number)s.")
    messages.info(request, text % {"number": number})


def _form_name(request: HttpRequest, definition: TicketDefinition) -> str:
    """What typed.js calls this form: the same in every version of the ticket type."""
    saved = request.GET.get("saved", "")
    return f"ticket.{definition.key}.{saved if saved.isdigit() else ''}"


def _form_address(definition: TicketDefinition, saved: SavedAnswers | None = None) -> str:
    query = {"definition": definition.pk} | ({"saved": saved.pk} if saved else {})
    return reverse("admin:tickets_myticket_add", query=query)


def _visible_address(definition: TicketDefinition) -> str:
    return reverse("admin:tickets_myticket_visible", query={"definition": definition.pk})
