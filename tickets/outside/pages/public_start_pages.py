"""The public form of a ticket type, and the page that the link in its mail leads to."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from tenants.connection import company_of, use_public
from tenants.errors import TicketFlowerError
from tenants.limits.sender import place_of
from tenants.pages.page import Page
from tenants.refusals import refusals
from tickets.outside.pages.outside_form import no_store
from tickets.outside.public_start import (
    PublicForm,
    confirm_start,
    open_public_form,
    read_start,
    request_start,
)
from workflows.engine.errors import FieldError
from workflows.errors import InvalidDataError
from workflows.forms import AnswersForm, shown_now


class PublicPage(Page):
    """For whoever has the address, logged in or not: it is signed, and names a ticket type."""

    permissions = ()
    needs_company = False
    title = gettext_lazy("Form")
    template_name = "outside/public_start.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    @property
    def token(self) -> str:
        return str(self.kwargs["token"])

    def opened(self) -> PublicForm:
        # A browser may be logged in to some company: that counts for nothing here.
        use_public()
        return open_public_form(self.token)

    def form_of(self, public: PublicForm, data: Any = None) -> AnswersForm:
        """Raises FieldError where the definition's fields are broken."""
        definition = public.definition
        with company_of(public.company.schema_name):
            form = AnswersForm(definition.workflow.fields, presets=definition.presets, data=data)
            form.is_valid()
            return form

    def page(self, **context: Any) -> HttpResponse:
        response = self.show(
            visible_url=reverse("public_start_visible", args=[self.token]), **context
        )
        public = context.get("public")
        if public is not None:  # what a form offers is read in its company
            with company_of(public.company.schema_name):
                response.render()
        return no_store(response)


class PublicStartPage(PublicPage):
    """GET shows the form; POST keeps it, and sends the mail that asks for the address."""

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._answer(None)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._answer(request.POST)

    def _answer(self, sent: Any) -> HttpResponse:
        with refusals(TicketFlowerError, FieldError) as refused:
            public = self.opened()
            form = self.form_of(public, sent)
            if sent is None or not form.is_valid():
                return self.page(public=public, form=form)
            return self._send(public, form)
        use_public()
        response = self.page(refusal=refused.text)
        response.status_code = getattr(refused.error, "status", 404)
        return response

    def _send(self, public: PublicForm, form: AnswersForm) -> HttpResponse:
        with refusals(TicketFlowerError, InvalidDataError) as refused:
            email = request_start(
                self.token,
                answers=form.answers(),
                sender=place_of(self.request),
                now=timezone.now(),
            )
            use_public()
            return self.page(email=email, company=public.company)
        use_public()
        if refused.error is not None:
            form.add_refusal(refused.error)
        return self.page(public=public, form=form)


class PublicVisiblePage(PublicPage):
    """POST: which questions of the form are shown for the answers so far."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with refusals(TicketFlowerError, FieldError) as refused:
            public = self.opened()
            form = self.form_of(public, request.POST)
            with company_of(public.company.schema_name):
                return JsonResponse(shown_now(form))
        return JsonResponse({"visible": [], "refusal": refused.text}, status=404)


class ConfirmStartPage(PublicPage):
    """GET asks, since programs that look through mails follow links; POST makes the ticket."""

    template_name = "outside/confirm_start.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._answer(confirms=False)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._answer(confirms=True)

    def _answer(self, *, confirms: bool) -> HttpResponse:
        use_public()
        with refusals(TicketFlowerError, FieldError) as refused:
            find = confirm_start if confirms else read_start
            return self._page(start=find(self.token, now=timezone.now()))
        use_public()
        response = self._page(refusal=refused.text)
        response.status_code = getattr(refused.error, "status", 404)
        return response

    def _page(self, **context: Any) -> HttpResponse:
        use_public()
        return no_store(self.show(**context))
