"""Adding and changing webhooks, their secrets, pausing, testing and deleting them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.pages.buttons import Button
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.refusals import refusals
from tickets.models import Webhook
from tickets.webhooks.change_webhook import (
    change_webhook,
    create_webhook,
    delete_webhook,
    make_webhook_secret,
    pause_webhook,
    resume_webhook,
)
from tickets.webhooks.errors import TooManyWebhooksError, WebhookAddressError
from tickets.webhooks.pages.webhook_form import WebhookForm
from tickets.webhooks.send_test import send_test


class _ShowsSecret(Page):
    """What is shown is kept nowhere on the way; to nobody who is not of the company."""

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_superuser and super().admits(request)

    def show_secret(self, webhook: Webhook, secret: str, *, is_new: bool) -> HttpResponse:
        response = self.show(
            "webhooks/secret.html", webhook=webhook, original=webhook, shown=secret, is_new=is_new
        )
        response["Cache-Control"] = "no-store"
        return response


@register_page(Webhook, "add/", name="tickets_webhook_add")
class AddWebhookPage(_ShowsSecret):
    """POST makes it, and shows its secret."""

    permissions = ("tickets.add_webhook",)
    title = gettext_lazy("Add a webhook")
    template_name = "webhooks/form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(form=WebhookForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WebhookForm(request.POST)
        if form.is_valid():
            with refusals(WebhookAddressError, TooManyWebhooksError) as refused:
                webhook, secret = create_webhook(
                    wanted=form.wanted(), user=self.person, now=timezone.now()
                )
                return self.show_secret(webhook, secret, is_new=True)
            form.add_error(_field_of(refused.error), refused.text)
        return self.show(form=form)


def _field_of(error: Exception | None) -> str | None:
    """The question that it is about; None: all of them."""
    return "url" if isinstance(error, WebhookAddressError) else None


class _WebhookPage(ObjectPage):
    object: Webhook

    permissions = ("tickets.change_webhook",)


@register_page(Webhook, "<int:object_id>/edit/", name="tickets_webhook_edit")
class EditWebhookPage(_WebhookPage):
    title = gettext_lazy("Change the webhook")
    template_name = "webhooks/form.html"
    button = Button(gettext_lazy("Change"), "edit", 10, is_main=True)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(form=WebhookForm(webhook=self.object))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = WebhookForm(request.POST, webhook=self.object)
        if form.is_valid():
            with refusals(WebhookAddressError) as refused:
                change_webhook(webhook_id=self.object.pk, wanted=form.wanted(), user=self.person)
                messages.success(request, gettext("It is saved."))
                return self.back()
            form.add_error("url", refused.text)
        return self.show(form=form)


@register_page(Webhook, "<int:object_id>/test/", name="tickets_webhook_test")
class TestWebhookPage(_WebhookPage):
    """POST has a test sent, and leads to what becomes of it."""

    http_method_names = ["post"]
    button = Button(gettext_lazy("Send a test"), "send", 20, posts=True)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        delivery = send_test(webhook_id=self.object.pk, now=timezone.now())
        return redirect("admin:tickets_webhookdelivery_change", delivery.pk)


@register_page(Webhook, "<int:object_id>/pause/", name="tickets_webhook_pause")
class PauseWebhookPage(_WebhookPage):
    """POST pauses it."""

    http_method_names = ["post"]
    button: ClassVar[Button | None] = Button(gettext_lazy("Pause"), "pause", 30, posts=True)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        runs = isinstance(obj, Webhook) and not obj.paused
        return runs and super().is_offered(request, obj)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        pause_webhook(webhook_id=self.object.pk, user=self.person, now=timezone.now())
        messages.success(request, gettext("It is paused: nothing is sent."))
        return self.back()


@register_page(Webhook, "<int:object_id>/resume/", name="tickets_webhook_resume")
class ResumeWebhookPage(_WebhookPage):
    """POST lets it go on."""

    http_method_names = ["post"]
    button = Button(gettext_lazy("Go on"), "play_arrow", 30, posts=True)

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        is_paused = isinstance(obj, Webhook) and bool(obj.paused)
        return is_paused and super().is_offered(request, obj)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        resume_webhook(webhook_id=self.object.pk, user=self.person, now=timezone.now())
        messages.success(request, gettext("It goes on."))
        return self.back()


@register_page(Webhook, "<int:object_id>/secret/", name="tickets_webhook_secret")
class WebhookSecretPage(_ShowsSecret, _WebhookPage):
    """POST makes a new secret, and shows it once."""

    title = gettext_lazy("A new secret")
    template_name = "webhooks/new_secret.html"
    button = Button(gettext_lazy("New secret"), "key", 40)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(webhook=self.object)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        secret = make_webhook_secret(
            webhook_id=self.object.pk, user=self.person, now=timezone.now()
        )
        return self.show_secret(self.object, secret, is_new=False)


@register_page(Webhook, "<int:object_id>/delete/", name="tickets_webhook_delete")
class DeleteWebhookPage(_WebhookPage):
    """POST deletes it, with its log."""

    permissions = ("tickets.delete_webhook",)
    title = gettext_lazy("Delete the webhook")
    template_name = "webhooks/delete.html"
    button = Button(gettext_lazy("Delete"), "delete", 50)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(webhook=self.object)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        delete_webhook(webhook_id=self.object.pk, user=self.person)
        messages.success(request, gettext("The webhook is deleted."))
        return redirect(reverse("admin:tickets_webhook_changelist"))
