"""The pages outside the admin: for visitors."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.generic import FormView

from project.forms import SignUpForm


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
        login(self.request, form.save(), backend="tenants.backends.EmailBackend")
        return super().form_valid(form)
