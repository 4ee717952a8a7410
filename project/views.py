"""The pages outside the admin: for visitors, and superusers on their way between companies."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import FormView

from project.forms import SignUpForm
from tenants import active_company
from tenants.models import Company, User

logger = logging.getLogger(__name__)


def landing(request: HttpRequest) -> HttpResponse:
    """What TicketFlower is, for visitors; people who are logged in go to their dashboard."""
    if request.user.is_authenticated:
        return redirect("admin:index")
    return render(request, "project/landing.html")


class SignUpView(FormView):  # type: ignore[type-arg]
    """Signs a company up and logs its first person in."""

    template_name = "project/sign_up.html"
    form_class = SignUpForm
    success_url = reverse_lazy("admin:index")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect("admin:index")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        founder = form.save()
        if founder is None:
            return self.form_invalid(form)
        login(self.request, founder, backend="tenants.backends.EmailBackend")
        return super().form_valid(form)


def enter_company(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a superuser work inside a company, also in one that is switched off."""
    superuser = _superuser_who_posts(request)
    company = get_object_or_404(Company, pk=pk)
    active_company.enter_company(request, company)
    logger.info("%s entered the company %s", superuser.email, company.schema_name)
    return redirect("admin:index")


def leave_company(request: HttpRequest) -> HttpResponse:
    """End what `enter_company` began."""
    superuser = _superuser_who_posts(request)
    company = active_company.active_company(request)
    active_company.leave_company(request)
    if company is not None:
        logger.info("%s left the company %s", superuser.email, company.schema_name)
        messages.success(request, _("You left %(company)s.") % {"company": company.name})
    return redirect("admin:index")


def _superuser_who_posts(request: HttpRequest) -> User:
    """The superuser who asks.

    Raises:
        Http404: anybody else, or a request that must not change anything.
    """
    user = request.user
    if request.method != "POST" or not isinstance(user, User) or not user.is_superuser:
        raise Http404
    return user
