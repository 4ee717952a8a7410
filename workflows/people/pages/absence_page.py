"""An admin says for somebody when they are away, and who stands in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.models import User
from tenants.pages.page import ObjectPage, register_page
from tenants.refusals import refusals
from workflows.errors import DeputyError
from workflows.people.absence import AbsenceError
from workflows.people.pages.absence_form import AbsenceForm


@register_page(User, "<int:object_id>/absence/", name="tenants_user_absence")
class PersonAbsencePage(ObjectPage):
    """The times are meant in the zone of whoever fills it in."""

    permissions = ("tenants.change_user",)
    title = gettext_lazy("When they are away")
    template_name = "people/absence.html"

    object: User

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._page(AbsenceForm(self.object))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = AbsenceForm(self.object, request.POST)
        if not form.is_valid():
            return self._page(form)
        with refusals(AbsenceError, DeputyError) as refused:
            form.save(by=self.person)
            messages.success(request, gettext("It is noted when they are away, and who stands in."))
            return self.back()
        form.refuse(refused.error)
        return self._page(form)

    def _page(self, form: AbsenceForm) -> HttpResponse:
        zone = timezone.get_current_timezone_name().replace("_", " ")
        return self.show(form=form, zone=zone)
