from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.errors import TicketsError


class WebhookError(TicketsError):
    """Something about webhooks is refused."""

    message = _("This is not possible for this webhook.")


class WebhookAddressError(WebhookError):
    message = _(
        "This is no address that can be called. It begins with https:// or http:// and a host name,"
        " holds no user name or password, and its port is 80, 443, or one from 1024 to 65535."
    )
    field = "url"


class TooManyWebhooksError(WebhookError):
    message = _(
        "Your company has as many webhooks as it may have. Delete one that is not needed any more."
    )


class WebhookGoneError(WebhookError):
    message = _("This webhook is not there any more.")


class WebhookPausedError(WebhookError):
    message = _("This webhook is paused. Let it go on first.")


class NotSendableAgainError(WebhookError):
    message = _("This message is still to be delivered. Wait until it was, or was given up.")


class BodyGoneError(WebhookError):
    message = _("What was sent is not kept any more.")
