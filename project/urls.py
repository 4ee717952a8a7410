from __future__ import annotations

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from project import views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("sign-up/", views.SignUpView.as_view(), name="sign_up"),
    path("favicon.ico", RedirectView.as_view(url="/static/ticketflower/favicon.svg")),
    path("app/", admin.site.urls),
]
