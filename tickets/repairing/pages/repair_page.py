"""The page of a repair: it asks what the repair needs to know, and why."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tenants.errors import TicketFlowerError
from tenants.limits.bodies import FILES_BODY
from tenants.models import User
from tenants.pages.links import admin_link
from tenants.pages.once import new_token, run_once
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tenants.refusals import Refusals, refusals
from tickets.calling.pages.attempts import attempts_of
from tickets.files.errors import UnknownUploadError
from tickets.files.pages.files import download_base
from tickets.files.pages.uploads import UploadKeeper
from tickets.following.pages.badges import task_badge, ticket_badge
from tickets.following.pages.history import History, history_since
from tickets.models import Ticket
from tickets.repairing.errors import ChangedMeanwhileError
from tickets.repairing.pages.all_repairs import VERBS
from tickets.repairing.pages.base_page import RepairingPage
from tickets.repairing.pages.forms import RepairForm
from tickets.repairing.pages.repair_verb import RepairVerb, Sent
from tickets.seeing import viewer_of
from workflows.authoring.definitions.pages.in_words import pretty
from workflows.engine.errors import FieldError
from workflows.engine.rules.compiling import is_empty
from workflows.errors import InvalidDataError
from workflows.forms import AnswersForm, shown_now
from workflows.models import WorkflowDefinition


class _VerbPage(RepairingPage):
    """About one repair of one ticket, as the address names it."""

    verb: RepairVerb

    def find(self, **arguments: Any) -> None:
        self.verb = find_verb(arguments["ticket_id"], arguments["verb"], arguments["subject_id"])

    def back(self) -> HttpResponse:
        return redirect(admin_link(self.verb.ticket))

    def keeper(self) -> UploadKeeper:
        return UploadKeeper(user=self.person, ticket=self.verb.ticket)


@register_page(
    Ticket,
    "<int:ticket_id>/repair/<slug:verb>/<int:subject_id>/",
    name="tickets_ticket_repair",
)
class RepairPage(_VerbPage):
    """GET asks what the repair needs to know, and why; POST does it."""

    template_name = "repairing/repair.html"
    largest_body = FILES_BODY
    also_refused = (FieldError,)

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        if not isinstance(refused.error, FieldError):
            return super().refused(refused)
        text = _("The form of this step is broken. Tell whoever made the workflow.")
        messages.error(self.request, text)
        return self.back()

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        refusal = self.verb.refusal()
        if refusal:
            messages.warning(request, refusal)
            return self.back()
        return self._form_page(self.verb.form(), self.verb.answers_form())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = self.verb.form(request.POST)
        answers = self.verb.answers_form(
            data=request.POST, files=request.FILES, keeper=self.keeper()
        )
        in_order = form.is_valid()
        if answers is not None:
            in_order = answers.is_valid() and in_order
        if not in_order:
            return self._form_page(form, answers, expected=_state_when_opened(form))
        filled_in = form if answers is None else answers
        with (
            refusals() as refused,
            refusals_in(filled_in, InvalidDataError, UnknownUploadError) as wrong,
        ):
            if self._act(form, answers):
                messages.success(request, self.verb.done)
            else:
                messages.info(request, _("This form was sent twice. It was carried out once."))
            return self.back()
        if wrong.error:
            return self._form_page(form, answers, expected=_state_when_opened(form))
        return self._form_page_now(form, answers, refused)

    def _act(self, form: RepairForm, answers: AnswersForm | None) -> bool:
        """Do it; False: this very form was sent before."""
        sent = Sent(
            by=self.person,
            reason=form.cleaned_data["reason"],
            expected=form.cleaned_data["expected"],
            cleaned=form.cleaned_data,
            answers=answers.answers() if answers is not None else {},
        )

        def act() -> int:
            self.verb.act(sent)
            return self.verb.ticket.pk

        token = form.cleaned_data["token"] or new_token()
        _number, is_new = run_once(self.request, token=token, act=act)
        return is_new

    def _form_page_now(
        self, form: RepairForm, answers: AnswersForm | None, refused: Refusals[TicketFlowerError]
    ) -> HttpResponse:
        """The page as it is now, with what was typed, and with what happened meanwhile."""
        self.find(**self.kwargs)
        happened = _changes_since_shown(self.verb, form.cleaned_data["expected"], by=self.person)
        refusal = self.verb.refusal()
        if isinstance(refused.error, ChangedMeanwhileError) and not refusal:
            text = _(
                "Somebody changed this ticket after you opened the page, so that nothing was"
                " done. What you typed is still here: check it against what happened, and send"
                " it again if it is still right."
            )
        else:
            text = refusal or refused.text
        return self._form_page(
            form, answers, problem=text, is_over=bool(refusal), happened=happened
        )

    def _form_page(
        self,
        form: RepairForm,
        answers: AnswersForm | None,
        *,
        expected: str | None = None,
        problem: str = "",
        is_over: bool = False,
        happened: History | None = None,
    ) -> HttpResponse:
        verb = self.verb
        schema = getattr(verb, "schema", None)
        is_conditional = answers is not None and answers.is_conditional
        return self.show(
            original=verb.ticket,
            title=verb.title,
            verb=verb,
            ticket=verb.ticket,
            ticket_badge=ticket_badge(verb.ticket),
            task_badge=task_badge(verb.task) if verb.task else "",
            repair_form=form,
            form=answers,
            token=new_token(),
            expected=verb.marker if expected is None else expected,
            problem=problem,
            is_over=is_over,
            happened=happened,
            has_problems=bool(form.errors or (answers is not None and answers.errors)),
            schema="" if is_empty(schema) else pretty(schema),
            attempts=attempts_of(verb.task),
            visible_url=verb.visible_url if is_conditional else "",
            file_url=download_base(),
        )


@register_page(
    Ticket,
    "<int:ticket_id>/repair/<slug:verb>/<int:subject_id>/visible/",
    name="tickets_ticket_repair_visible",
)
class RepairVisible(_VerbPage):
    """Which questions are shown for the answers so far; forms.js asks."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form: AnswersForm | None = None
        with refusals(FieldError):
            form = self.verb.answers_form(data=request.POST, keeper=self.keeper())
        if form is None:
            raise Http404
        return JsonResponse(shown_now(form))


def find_verb(ticket_id: int, verb: str, subject_id: int) -> RepairVerb:
    """The repair that an address names. Raises Http404."""
    kind = VERBS.get(verb)
    tickets = Ticket.objects.with_progress().select_related("workflow")
    ticket = tickets.filter(pk=ticket_id).first()
    if kind is None or ticket is None:
        raise Http404
    return kind.of(ticket, subject_id or None)


def _state_when_opened(form: RepairForm) -> str:
    """What the page showed when it was opened: what happened since has not been seen yet."""
    return str(form["expected"].value() or "")


def _changes_since_shown(verb: RepairVerb, expected: str, *, by: User) -> History | None:
    """What happened to the ticket after the page was shown."""
    event = expected.partition("-")[0]
    if not (event.isascii() and event.isdigit()) or len(event) > 18:
        return None
    workflow = WorkflowDefinition.objects.with_tasks_and_transitions().get(
        pk=verb.ticket.workflow_id
    )
    return history_since(
        workflow,
        verb.ticket.workflow_instance_id,
        viewer=viewer_of(by, verb.ticket),
        event_id=int(event),
    )
