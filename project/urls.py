from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from project import demo_accounting, views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("sign-up/", views.SignUpView.as_view(), name="sign_up"),
    path("favicon.ico", RedirectView.as_view(url="/static/ticketflower/favicon.svg")),
    path("app/", admin.site.urls),
    path("demo/accounting/invoices", demo_accounting.archive_invoice, name="demo_accounting"),
]
