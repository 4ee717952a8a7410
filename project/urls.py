from __future__ import annotations

from django.contrib import admin
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from project import demo_accounting
from project.observing import health
from project.observing.metrics import metrics
from project.programs import api
from project.programs.mcp_server import SERVER
from project.superusers.enter_company import EnterCompanyPage, LeaveCompanyPage
from project.unavailable import error_pages
from project.visitors.landing import AccessibilityPage, LandingPage
from project.visitors.sign_up import InvitedSignUpPage, SignUpByMailPage, SignUpPage
from tenants.account.pages.address import ConfirmAddressPage
from tenants.account.pages.forgotten_password import ForgottenPasswordPage
from tenants.account.pages.one_time_link import OneTimeLinkPage
from tenants.connecting.pages import endpoints
from tenants.connecting.pages.metadata import resource_metadata, server_metadata
from tenants.mcp.pages.endpoint import endpoint
from tenants.tokens.doors import Door
from tickets.arriving.pages.way_in import way_in, way_in_answer
from tickets.calling.pages.callbacks import receive
from tickets.notices.pages.stop_mail import StopMailPage
from tickets.outside.pages.outside_form import OutsideFormPage, OutsideVisiblePage
from tickets.outside.pages.public_start_pages import (
    ConfirmStartPage,
    PublicStartPage,
    PublicVisiblePage,
)
from tickets.rating.pages.rate_pages import RateByLinkPage
from tickets.replying.pages.mail_in import mail_in
from workflows.layouts.pages.frame import frame
from workflows.mcp.pages.served import bundle_schema, described, llms_txt
from workflows.people.invitations.pages.accept_page import AcceptPage

handler400 = error_pages.bad_request
handler500 = error_pages.server_error

# What only leads elsewhere takes nothing.
SAFE = ["get", "head", "options"]

urlpatterns = [
    # project/serving/edge.py answers the first, HealthMiddleware all three, before anything else.
    path("healthz", health.healthz, name="health"),
    path("readyz", health.readyz, name="ready"),
    path("metrics", metrics, name="metrics"),
    path("", LandingPage.as_view(), name="landing"),
    path("accessibility/", AccessibilityPage.as_view(), name="accessibility"),
    path("sign-up/", SignUpPage.as_view(), name="sign_up"),
    path("sign-up/invited/<str:token>/", InvitedSignUpPage.as_view(), name="invited_sign_up"),
    path("sign-up/<str:token>/", SignUpByMailPage.as_view(), name="sign_up_by_mail"),
    path("forgotten-password/", ForgottenPasswordPage.as_view(), name="forgotten_password"),
    path("new-password/<str:token>/", OneTimeLinkPage.as_view(), name="one_time_link"),
    path("stop-mail/<str:token>/", csrf_exempt(StopMailPage.as_view()), name="stop_mail"),
    path("layouts/frame", frame, name="layout_frame"),
    path("rate/<str:token>/", RateByLinkPage.as_view(), name="rate_ticket"),
    path("form/<str:token>/", OutsideFormPage.as_view(), name="outside_form"),
    path("form/<str:token>/visible/", OutsideVisiblePage.as_view(), name="outside_form_visible"),
    path("start/<str:token>/", PublicStartPage.as_view(), name="public_start"),
    path("start/<str:token>/visible/", PublicVisiblePage.as_view(), name="public_start_visible"),
    path("started/<str:token>/", ConfirmStartPage.as_view(), name="confirm_start"),
    path("new-address/<str:token>/", ConfirmAddressPage.as_view(), name="new_address"),
    path("invitation/<str:token>/", AcceptPage.as_view(), name="invitation"),
    path("companies/<int:pk>/enter/", EnterCompanyPage.as_view(), name="enter_company"),
    path("companies/leave/", LeaveCompanyPage.as_view(), name="leave_company"),
    path(
        "favicon.ico",
        RedirectView.as_view(url="/static/ticketflower/favicon.svg", http_method_names=SAFE),
    ),
    # Ticket types stood in the app `tickets` before: links to them, as in old mails, still work.
    path(
        "app/tickets/ticketdefinition/<path:rest>",
        RedirectView.as_view(
            url="/app/workflows/ticketdefinition/%(rest)s",
            query_string=True,
            permanent=True,
            http_method_names=SAFE,
        ),
    ),
    path(
        "app/tickets/ticketdefinition/",
        RedirectView.as_view(
            pattern_name="admin:workflows_ticketdefinition_changelist",
            query_string=True,
            permanent=True,
            http_method_names=SAFE,
        ),
    ),
    path("app/", admin.site.urls),
    # Without the slash too: a POST cannot be redirected to the address with one.
    re_path(r"^callbacks/(?P<token>[^/]+)/?$", receive, name="callback"),
    re_path(r"^in/(?P<token>[^/]+)/answer/?$", way_in_answer, name="way_in_answer"),
    re_path(r"^in/(?P<token>[^/]+)/?$", way_in, name="way_in"),
    path("mcp", endpoint(SERVER), name="mcp"),
    # Where RFC 9728 has programs look for it: the path of what it is about comes behind.
    path(".well-known/oauth-protected-resource/mcp", resource_metadata, name="mcp_metadata"),
    path(
        ".well-known/oauth-protected-resource/api/v1",
        resource_metadata,
        {"door": Door.API},
        name="api_metadata",
    ),
    path(".well-known/oauth-protected-resource", resource_metadata, name="resource_metadata"),
    path(".well-known/oauth-authorization-server", server_metadata, name="server_metadata"),
    path("oauth/token", endpoints.token, name="oauth_token"),
    path("oauth/revoke", endpoints.revoke, name="oauth_revoke"),
    path("oauth/register", endpoints.register, name="oauth_register"),
    path("llms.txt", llms_txt, name="llms_txt"),
    path("llms/<str:text>.md", described, name="described"),
    path("schemas/bundle-1.json", bundle_schema, name="bundle_schema"),
    re_path(r"^mail-in/?$", mail_in, name="mail_in"),
    path("api/", api.reference, name="api_reference"),
    path("api/v1/openapi.json", api.openapi, name="api_document"),
    re_path(r"^api/v1/(?P<rest>[\s\S]*)\Z", api.door, name="api"),  # line breaks, too
    path("demo/accounting/invoices", demo_accounting.archive_invoice, name="demo_accounting"),
]
