"""The form of a ticket: filled in, saved for later, submitted."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from tenants.errors import CompanyLimitError
from tenants.limits.bodies import FILES_BODY, LARGE_BODY
from tenants.models import User
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME
from tenants.pages.numbers import number_in
from tenants.pages.once import PARAMETER, TOKEN, new_token, run_once, stored_result, token_of
from tenants.pages.page import Page, register_page
from tenants.pages.refusals import refusals_as_messages, refusals_in
from tenants.refusals import Refusals, refusals
from tickets.advancing.failed_step import UNREACHABLE
from tickets.conversation.pages.conversation_page import ticket_address
from tickets.conversation.pages.timeline import conversation_address
from tickets.errors import TicketsError
from tickets.files.errors import UnknownUploadError
from tickets.files.pages.uploads import UploadKeeper
from tickets.following.pages import progress
from tickets.models import MyTicket, SavedAnswers, Ticket
from tickets.models.message import LONGEST_MESSAGE
from tickets.models.ticket import ticket_number
from tickets.numbering.name_ticket import name_ticket
from tickets.saving.errors import TooManySavedAnswersError
from tickets.saving.pages.saved import (
    continued_form,
    forget_typed,
    is_saving,
    show_saved_message,
    warn_of_form_changes,
)
from tickets.saving.save_answers import save_ticket_answers
from tickets.submitting.errors import (
    CannotReopenError,
    MayNotSubmitError,
    MayNotSubmitForError,
    ReopenedAlreadyError,
    SubmissionFailedError,
)
from tickets.submitting.pages.begun_from import COPY, REOPENS, BegunFrom, begun_from
from tickets.submitting.pages.for_others import FOR, named_requester
from tickets.submitting.pages.offered import (
    asks_the_same,
    named_definition,
    offered_as_named,
    offered_now,
)
from tickets.submitting.reopen_ticket import reopen_ticket
from tickets.submitting.submit_for import ensure_may_submit_for, may_submit_for_others
from tickets.submitting.submit_ticket import submit_ticket
from workflows.engine.errors import FieldError
from workflows.errors import InvalidDataError
from workflows.forms import AnswersForm, visible_answer
from workflows.layouts.given import edit_layout
from workflows.models import TicketDefinition


class TitleForm(forms.Form):
    """What the submitter calls the ticket, and which sending of the form this is."""

    title = NameInput(
        label=_("Title"),
        max_length=LONGEST_NAME,
        required=False,
        help_text=_(
            "A few words by which you will find the ticket again. "
            "Left out, it is made of your first answers."
        ),
        widget=UnfoldAdminTextInputWidget,
    )
    token = forms.RegexField(TOKEN, required=False, widget=forms.HiddenInput)


class ReopenForm(TitleForm):
    """With what the ticket that is reopened has left open."""

    why = forms.CharField(
        label=_("Why do you reopen it?"),
        help_text=_("It is the first message of the follow-up: whoever works on it reads it."),
        max_length=LONGEST_MESSAGE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        error_messages={"required": _("Say what is still open, or open again.")},
    )


class NothingNamedError(TicketsError):
    message = _("The address names no ticket type. Choose one.")


@register_page(MyTicket, "add/", name="tickets_myticket_add")
class TicketFormPage(Page):
    """The form of one ticket type, named by `?definition=`.

    With `?saved=` it is one that was begun, with what was answered so far; with `?copy=` and
    `?reopens=` it begins with the answers of an old ticket. `named` is the version
    that the address names, and that was filled in; `definition` the one that is offered today.
    """

    # Or who submits for others: `admits` asks.
    permissions = ()
    largest_body = FILES_BODY
    template_name = "submitting/ticket_form.html"
    also_refused = (FieldError,)

    named: TicketDefinition
    definition: TicketDefinition
    saved: SavedAnswers | None
    old: BegunFrom | None
    # For whom it is submitted, where that is somebody else.
    requester: User | None

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and may_fill_in(request)

    def find(self, **arguments: Any) -> None:
        self.requester = named_requester(self.request, self.person)
        for_whom = self.requester or self.person
        offered = offered_as_named(self.request, for_whom)
        named = offered or named_definition(self.request)
        if named is None:
            raise NothingNamedError
        self.saved = self._named_saved()
        self.old = None
        if self.requester is None:
            self.old = begun_from(self.request, self.person)
        definition = offered or offered_now(named, for_whom)
        if definition is None:
            text = gettext("You can no longer submit this type of ticket. Choose another.")
            raise MayNotSubmitError(text)
        if self.requester is not None:
            ensure_may_submit_for(self.requester, definition, by=self.person)
        self.named, self.definition = named, definition

    def _named_saved(self) -> SavedAnswers | None:
        """What `?saved=` names; None where it names nothing.

        A form that is sent does without: it has all answers itself, and must not lose them
        because what it began with was discarded in the meantime.

        Raises:
            Http404: it names something that is not (or no longer) this person's.
        """
        text = self.request.GET.get("saved", "")
        if not text:
            return None
        number = number_in(text)
        own = SavedAnswers.objects.of_tickets(self.person)
        saved = None if number is None else own.filter(pk=number).first()
        if saved is None and self.request.method != "POST" and not self._was_sent():
            raise Http404
        return saved

    def _was_sent(self) -> bool:
        """Whether the address names a form that this session has sent already."""
        return stored_result(self.request, token=self.request.GET.get(PARAMETER, "")) is not None

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        """Back to the cards, where another ticket type can be chosen."""
        text = refused.text
        if isinstance(refused.error, FieldError):
            text = gettext("The form of “%(title)s” is broken. Tell whoever made this ticket type.")
            text %= {"title": self.definition.title}
        if not isinstance(refused.error, NothingNamedError):  # the cards say it
            messages.warning(self.request, text)
        return redirect("admin:tickets_myticket_submit")

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        definition, token = self.definition, token_of(request)
        number = stored_result(request, token=token) if PARAMETER in request.GET else None
        if number is not None:
            return self._sent_page(number)
        if self.saved is not None:
            return self._continue(self.saved)
        if self.old is not None:
            form = self.old.form(request, definition, self.person)
            initial = {"token": token, "title": self.old.title()}
            return self._form_page(form, self._title_form(initial=initial))
        form = AnswersForm(definition.workflow.fields, presets=definition.presets)
        if definition != self.named:
            return redirect(_form_address(definition, requester=self.requester))
        return self._form_page(form, TitleForm(initial={"token": token}))

    def _title_form(self, data: Any = None, **options: Any) -> TitleForm:
        return (ReopenForm if self._reopens else TitleForm)(data, **options)

    @property
    def _reopens(self) -> bool:
        return self.old is not None and self.old.reopens

    @property
    def _may_be_saved(self) -> bool:
        """What is saved for later says neither what it reopens nor for whom it is."""
        return not self._reopens and self.requester is None

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = AnswersForm(
            self.definition.workflow.fields,
            presets=self.definition.presets,
            data=request.POST,
            files=request.FILES,
            keeper=UploadKeeper(user=self.person),
        )
        title_form = self._title_form(request.POST)
        if is_saving(request) and self._may_be_saved:
            return self._save(form, title_form)
        if not asks_the_same(self.definition, self.named):
            text = gettext(
                "This form was changed while you filled it in. Check your answers and submit again."
            )
            messages.warning(request, text)
            return self._form_page(form, title_form)
        if not (form.is_valid() & title_form.is_valid()):
            return self._form_page(form, title_form)
        return self._submit(form, title_form)

    def _submit(self, form: AnswersForm, title_form: TitleForm) -> HttpResponse:
        token = title_form.cleaned_data["token"] or new_token()

        def submit(*, checks_now: bool = False) -> int:
            answers = form.answers()
            title = title_form.cleaned_data["title"] or name_ticket(
                definition=self.definition, fields=form.validator.fields.values(), answers=answers
            )
            if self.old is not None and self.old.reopens:
                follow_up = reopen_ticket(
                    old=self.old.ticket,
                    why=title_form.cleaned_data["why"],
                    definition=self.definition,
                    data=answers,
                    user=self.person,
                    title=title,
                    token=token,
                    now=timezone.now(),
                    checks_now=checks_now,
                )
                return follow_up.pk
            ticket = submit_ticket(
                definition=self.definition,
                data=answers,
                user=self.requester or self.person,
                title=title,
                slot=token,
                checks_now=checks_now,
                by=None if self.requester is None else self.person,
            )
            return ticket.pk

        with refusals_in(
            form,
            InvalidDataError,
            UnknownUploadError,
            SubmissionFailedError,
            CompanyLimitError,
            CannotReopenError,
            MayNotSubmitForError,
            ReopenedAlreadyError,
        ):
            try:
                number, is_new = run_once(self.request, token=token, act=submit)
            except UNREACHABLE:
                raise
            except DatabaseError:  # at the commit, which has undone all of it
                careful = partial(submit, checks_now=True)
                number, is_new = run_once(self.request, token=token, act=careful)
            if is_new and self.requester is not None:
                text = gettext("Ticket %(number)s was submitted for %(person)s, who is told.")
                words = {"number": ticket_number(number), "person": self.requester}
                messages.success(self.request, text % words)
            elif is_new:
                text = gettext("Your ticket was submitted. Its number is %(number)s.")
                messages.success(self.request, text % {"number": ticket_number(number)})
            else:
                _show_already_submitted(self.request, number)
            answer = redirect("admin:tickets_myticket_change", number)
            if self.requester is not None:
                answer = redirect(_address_for_submitter(number, self.person))
            return forget_typed(answer, _form_name(self.request, self.definition))
        return self._form_page(form, title_form)

    # Saving for later

    def _save(self, form: AnswersForm, title_form: TitleForm) -> HttpResponse:
        """Keep the form as it is; only what no database could hold is refused.

        It is kept in the version that was filled in: on the way back a warning names a later one.
        """
        # A token that is no token was not ours.
        is_ours = not title_form.errors.get("token")
        slot = (title_form["token"].value() if is_ours else "") or new_token()
        number = stored_result(self.request, token=slot)
        if number is not None:
            _show_already_submitted(self.request, number)
            return redirect("admin:tickets_myticket_change", number)
        with (
            refusals_as_messages(self.request, TooManySavedAnswersError, level=messages.WARNING),
            refusals(InvalidDataError) as wrong,
        ):
            save_ticket_answers(
                definition=self.named,
                slot=slot,
                answers=form.answers_so_far(),
                user=self.person,
                title=title_form["title"].value() or "",
            )
            show_saved_message(self.request, form)
            return forget_typed(self.back(), _form_name(self.request, self.named))
        form.show_only(wrong.error)
        return self._form_page(form, title_form, self.named)

    def _continue(self, saved: SavedAnswers) -> HttpResponse:
        """The form as the person left it, in the version of today.

        Raises:
            FieldError: the definition's fields are broken.
        """
        specs, presets = self.definition.workflow.fields, self.definition.presets
        keeper = UploadKeeper(user=self.person)
        form = continued_form(saved, specs, presets=presets, keeper=keeper)
        warn_of_form_changes(self.request, saved, specs, presets=presets)
        title_form = TitleForm(initial={"title": saved.title, "token": saved.slot})
        return self._form_page(form, title_form)

    def _sent_page(self, number: int) -> HttpResponse:
        """Somebody came back to a form that they have sent: it makes no second ticket."""
        return self.show(
            "submitting/sent.html",
            title=self.definition.title,
            ticket=MyTicket.objects.filter(pk=number, created_by=self.person).first(),
            again_url=_form_address(self.definition),
        )

    def _form_page(
        self, form: AnswersForm, title_form: TitleForm, version: TicketDefinition | None = None
    ) -> HttpResponse:
        """`version`: as which it is shown and sent again, where not as the one of today."""
        definition = version or self.definition
        return self.show(
            title=definition.title,
            definition=definition,
            references=progress.references(definition.ext_ref),
            form=form,
            edit_layout=edit_layout(definition.edit_layout, form),
            title_form=title_form,
            action=_form_address(definition, self.saved, self.old, self.requester),
            requester=self.requester,
            may_be_saved=self._may_be_saved,
            reopens=self.old.ticket if self.old is not None and self.old.reopens else None,
            form_name=_form_name(self.request, definition),
            saved=self.saved,
            visible_url=_visible_address(definition, self.requester) if form.is_conditional else "",
        )


@register_page(MyTicket, "visible/", name="tickets_myticket_visible")
class TicketFormVisible(Page):
    """Which questions are shown for the answers so far; forms.js asks."""

    http_method_names = ["post"]
    permissions = ()
    largest_body = LARGE_BODY

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and may_fill_in(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        for_whom = named_requester(request, self.person) or self.person
        definition = offered_as_named(request, for_whom)
        if definition is None:
            named = named_definition(request)
            definition = offered_now(named, for_whom) if named else None
        if definition is None:
            raise Http404
        return visible_answer(
            definition.workflow.fields,
            presets=definition.presets,
            data=request.POST,
            keeper=UploadKeeper(user=self.person),
        )


def may_fill_in(request: HttpRequest) -> bool:
    """Whether somebody may use the form: for themselves, or for somebody whom the address names."""
    if request.user.has_perm("tickets.add_myticket"):
        return True
    return FOR in request.GET and may_submit_for_others(request.user)


def _address_for_submitter(number: int, person: User) -> str:
    """Where somebody sees the ticket that they have submitted for another person."""
    ticket = Ticket.objects.with_progress().get(pk=number)
    return ticket_address(ticket, person) or conversation_address(ticket)


def _show_already_submitted(request: HttpRequest, number: int) -> None:
    text = gettext("You have submitted this form already, as ticket %(number)s.")
    messages.info(request, text % {"number": ticket_number(number)})


def _form_name(request: HttpRequest, definition: TicketDefinition) -> str:
    """What typed.js calls this form: the same in every version of the ticket type."""
    named = {name: request.GET.get(name, "") for name in ("saved", COPY, REOPENS, FOR)}
    begun = [f"{name}{text}" for name, text in named.items() if text.isdigit()]
    return f"ticket.{definition.key}.{'.'.join(begun).removeprefix('saved')}"


def _form_address(
    definition: TicketDefinition,
    saved: SavedAnswers | None = None,
    old: BegunFrom | None = None,
    requester: User | None = None,
) -> str:
    query = {"definition": definition.pk} | ({"saved": saved.pk} if saved else {})
    query |= {} if old is None else old.query
    query |= {} if requester is None else {FOR: requester.pk}
    return reverse("admin:tickets_myticket_add", query=query)


def _visible_address(definition: TicketDefinition, requester: User | None) -> str:
    query = {"definition": definition.pk} | ({FOR: requester.pk} if requester else {})
    return reverse("admin:tickets_myticket_visible", query=query)
