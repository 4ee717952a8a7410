from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.active_company import active_company
from tenants.models import User
from tenants.pages.detail_page import DetailPageAdmin, admin_link
from tenants.pages.once import do_once, new_token
from tickets.calling.pages.attempts import attempts_of
from tickets.errors import ChangedMeanwhileError, TicketsError, UnknownUploadError
from tickets.files.pages.files import download_base
from tickets.files.pages.uploads import UploadKeeper
from tickets.following.pages.badges import task_badge, workflow_badge
from tickets.following.pages.history import History, history_since
from tickets.models import Ticket
from tickets.repairing.pages.correcting import PAGES, RepairPage, Sent
from tickets.repairing.pages.forms import RepairForm
from tickets.repairing.repair import may_repair
from workflows.authoring.definitions.pages.definition_rows import pretty
from workflows.engine.conditions import is_empty
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.errors import InvalidDataError, WorkflowsError
from workflows.forms import AnswersForm
from workflows.models import WorkflowDefinition


def may_repair_here(request: HttpRequest) -> bool:
    """Whether the buttons of repairs are shown; the services ask again."""
    return (
        active_company(request) is not None
        and isinstance(request.user, User)
        and may_repair(request.user)
    )


class RepairViews(DetailPageAdmin):
    """The pages of the repairs, for the admin class of tickets."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        address = "<int:ticket_id>/repair/<slug:verb>/<int:subject_id>/"
        return [
            path(address, wrap(self.repair_view), name="tickets_ticket_repair"),
            path(
                f"{address}visible/",
                wrap(require_POST(self.repair_visible_view)),
                name="tickets_ticket_repair_visible",
            ),
            *super().get_urls(),
        ]

    def repair_view(
        self, request: HttpRequest, ticket_id: int, verb: str, subject_id: int
    ) -> HttpResponse:
        """Ask what the repair needs to know, and why; a POST does it."""
        user = _repairer(request)
        page = find_page(ticket_id, verb, subject_id)
        try:
            if request.method == "POST":
                return self._repair(request, user, page)
            refusal = page.refusal()
            if refusal:
                messages.warning(request, _(refusal))
                return redirect(admin_link(page.ticket))
            return self._repair_page(request, page, page.form(), page.answers_form())
        except FieldError:
            text = _("The form of this step is broken. Tell whoever made the workflow.")
            messages.error(request, text)
            return redirect(admin_link(page.ticket))

    def repair_visible_view(
        self, request: HttpRequest, ticket_id: int, verb: str, subject_id: int
    ) -> JsonResponse:
        """Which questions are shown for the answers so far; forms.js asks."""
        user = _repairer(request)
        page = find_page(ticket_id, verb, subject_id)
        keeper = UploadKeeper(user=user, ticket=page.ticket)
        try:
            form = page.answers_form(data=request.POST, keeper=keeper)
        except FieldError as error:
            raise Http404 from error
        if form is None:
            raise Http404
        return JsonResponse({"visible": form.visible_names})

    def _repair(self, request: HttpRequest, user: User, page: RepairPage) -> HttpResponse:
        keeper = UploadKeeper(user=user, ticket=page.ticket)
        form = page.form(request.POST)
        answers = page.answers_form(data=request.POST, files=request.FILES, keeper=keeper)
        in_order = form.is_valid()
        if answers is not None:
            in_order = answers.is_valid() and in_order
        if not in_order:
            return self._repair_page(request, page, form, answers, expected=_seen(form))
        sent = Sent(
            by=user,
            reason=form.cleaned_data["reason"],
            expected=form.cleaned_data["expected"],
            cleaned=form.cleaned_data,
            answers=answers.answers() if answers is not None else {},
        )

        def act() -> int:
            page.act(sent)
            return page.ticket.pk

        try:
            _number, is_new = do_once(
                request, token=form.cleaned_data["token"] or new_token(), act=act
            )
        except InvalidDataError as problem:
            _add_problems(form, answers, problem)
            return self._repair_page(request, page, form, answers, expected=_seen(form))
        except UnknownUploadError:
            form.add_error(None, _("A file was lost on the way. Choose it again."))
            return self._repair_page(request, page, form, answers, expected=_seen(form))
        except (TicketsError, WorkflowsError) as problem:
            return self._refused(request, page, form, answers, problem)
        if is_new:
            messages.success(request, page.done)
        else:
            messages.info(request, _("This form was sent twice. It was carried out once."))
        return redirect(admin_link(page.ticket))

    def _refused(
        self,
        request: HttpRequest,
        page: RepairPage,
        form: RepairForm,
        answers: AnswersForm | None,
        problem: Exception,
    ) -> HttpResponse:
        """The page as it is now, with what was typed, and with what happened meanwhile."""
        fresh = find_page(page.ticket.pk, page.verb, page.subject_id or 0)
        happened = _since(fresh, form.cleaned_data["expected"])
        refusal = fresh.refusal()
        if isinstance(problem, ChangedMeanwhileError) and not refusal:
            text = _(
                "Somebody changed this ticket after you opened the page, so that nothing was"
                " done. What you typed is still here: check it against what happened, and send"
                " it again if it is still right."
            )
        else:
            text = _(refusal or str(problem))
        return self._repair_page(
            request, fresh, form, answers, problem=text, is_over=bool(refusal), happened=happened
        )

    def _repair_page(
        self,
        request: HttpRequest,
        page: RepairPage,
        form: RepairForm,
        answers: AnswersForm | None,
        *,
        expected: str | None = None,
        problem: str = "",
        is_over: bool = False,
        happened: History | None = None,
    ) -> HttpResponse:
        schema = getattr(page, "schema", None)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": page.ticket,
            "title": page.title,
            "page": page,
            "ticket": page.ticket,
            "ticket_badge": workflow_badge(page.ticket.status),
            "task_badge": task_badge(page.task) if page.task else "",
            "repair_form": form,
            "form": answers,
            "token": new_token(),
            "expected": page.marker if expected is None else expected,
            "problem": problem,
            "is_over": is_over,
            "happened": happened,
            "has_problems": bool(form.errors or (answers is not None and answers.errors)),
            "schema": "" if is_empty(schema) else pretty(schema),
            "attempts": attempts_of(page.task),
            "visible_url": page.visible_url
            if answers is not None and answers.is_conditional
            else "",
            "file_url": download_base(),
        }
        return TemplateResponse(request, "repairing/repair.html", context)


def find_page(ticket_id: int, verb: str, subject_id: int) -> RepairPage:
    """The page of an address. Raises Http404."""
    kind = PAGES.get(verb)
    tickets = Ticket.objects.with_progress().select_related("workflow")
    ticket = tickets.filter(pk=ticket_id).first()
    if kind is None or ticket is None:
        raise Http404
    return kind.of(ticket, subject_id or None)


def _seen(form: RepairForm) -> str:
    """What the page showed when it was opened: what happened since has not been seen yet."""
    return str(form["expected"].value() or "")


def _repairer(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not may_repair_here(request):
        raise PermissionDenied
    return request.user


def _add_problems(form: RepairForm, answers: AnswersForm | None, problem: InvalidDataError) -> None:
    if answers is not None:
        answers.add_problems(problem.problems)
        return
    for each in problem.problems:
        form.add_error("document" if "document" in form.fields else None, _sentence(each))


def _sentence(problem: FieldProblem) -> str:
    if not problem.field:
        return problem.message
    words: dict[str, Any] = {"where": problem.field, "message": problem.message}
    return _("%(where)s: %(message)s") % words


def _since(page: RepairPage, expected: str) -> History | None:
    """What happened to the ticket after the page was shown."""
    event = expected.partition("-")[0]
    if not (event.isascii() and event.isdigit()) or len(event) > 18:
        return None
    workflow = WorkflowDefinition.objects.whole().get(pk=page.ticket.workflow_id)
    return history_since(workflow, page.ticket.workflow_instance_id, event_id=int(event))
