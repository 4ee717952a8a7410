"""The page that a link leads to: one form, and what was answered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from tenants.connection import company_of, use_public
from tenants.errors import CompanyBehindError, TicketFlowerError
from tenants.pages.page import Page
from tenants.refusals import Refusals, refusals
from tickets.errors import TicketsError
from tickets.outside.answer_by_link import (
    AnsweredAlreadyError,
    LinkEndedError,
    LinkState,
    OpenedLink,
    answer_by_link,
    open_link,
    renew_link,
)
from tickets.seeing import answers_of_contact
from workflows.engine.errors import FieldError
from workflows.errors import InvalidDataError
from workflows.forms import AnswersForm, shown_now


def no_store(response: HttpResponse) -> HttpResponse:
    """A page for whoever has its address: in no cache, and in no search engine."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


class OutsidePage(Page):
    """For whoever has the address, logged in or not: it is signed, and its secret is good for once.

    GET changes nothing, since programs that look through mails follow links.
    """

    permissions = ()
    needs_company = False
    title = gettext_lazy("Form")
    template_name = "outside/form.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    def opened(self) -> OpenedLink:
        # A browser may be logged in to some company: that counts for nothing here.
        use_public()
        return open_link(str(self.kwargs["token"]), now=timezone.now())

    def form_of(self, opened: OpenedLink, data: Any = None) -> AnswersForm:
        """Raises FieldError where the definition's fields are broken."""
        with company_of(opened.company.schema_name):
            form = AnswersForm(opened.definition.fields, data=data)
            form.is_valid()
            return form


class OutsideFormPage(OutsidePage):
    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._answer(None)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "renew" in request.POST:
            return self._renew()
        return self._answer(request.POST)

    def _renew(self) -> HttpResponse:
        """Another link in the place of one that has ended."""
        use_public()
        with refusals(TicketFlowerError) as refused:
            renew_link(str(self.kwargs["token"]), now=timezone.now())
            use_public()
            return self._page(is_renewed=True)
        use_public()
        return self._refused(refused)

    def _refused(self, refused: Refusals[Any]) -> HttpResponse:
        response = self._page(
            refusal=refused.text, may_renew=isinstance(refused.error, LinkEndedError)
        )
        if refused.error is not None:
            response.status_code = refused.error.status
        return response

    def _answer(self, sent: Any) -> HttpResponse:
        with refusals(TicketsError, CompanyBehindError) as refused:
            opened = self.opened()
            if opened.state is LinkState.ANSWERED:
                answers = answers_of_contact(opened.definition, opened.output)
                return self._page(opened=opened, answers=answers)
            return self._form(opened, sent)
        return self._refused(refused)

    def _form(self, opened: OpenedLink, sent: Any) -> HttpResponse:
        with refusals(FieldError) as broken:
            form = self.form_of(opened, sent)
            if sent is None or not form.is_valid():
                return self._page(opened=opened, form=form)
            return self._send(opened, form)
        return self._page(refusal=broken.text)

    def _send(self, opened: OpenedLink, form: AnswersForm) -> HttpResponse:
        with refusals(TicketFlowerError, InvalidDataError) as refused:
            answer_by_link(str(self.kwargs["token"]), output=form.answers(), now=timezone.now())
        use_public()
        if refused.error is None or isinstance(refused.error, AnsweredAlreadyError):
            return self._answer(None)  # what counts, whoever has sent it
        form.add_refusal(refused.error)
        return self._page(opened=opened, form=form)

    def _page(self, **context: Any) -> HttpResponse:
        visible = reverse("outside_form_visible", args=[self.kwargs["token"]])
        response = self.show(visible_url=visible, **context)
        opened = context.get("opened")
        if opened is not None:  # rendered here: what a form offers is read in its company
            with company_of(opened.company.schema_name):
                response.render()
        return no_store(response)


class OutsideVisiblePage(OutsidePage):
    """POST: which questions of the form are shown for the answers so far."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with refusals(TicketFlowerError, FieldError) as refused:
            opened = self.opened()
            if opened.state is LinkState.OPEN:
                form = self.form_of(opened, request.POST)
                with company_of(opened.company.schema_name):
                    return JsonResponse(shown_now(form))
        return JsonResponse({"visible": [], "refusal": refused.text}, status=404)
