"""The address that an answer is sent to later: it names one attempt of one call, signed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from tickets.calling.errors import UnknownCallbackError
from workflows.actions import ActionError

SALT = "tickets.callback"
LONGEST_TOKEN = 500


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """Which attempt is answered: the company's schema, the task and the attempt's number."""

    schema: str
    task: uuid.UUID
    attempt: int

    @property
    def token(self) -> str:
        return _signer().sign_object([self.schema, self.task.hex, self.attempt])

    def url(self) -> str:
        """The whole address.

        Raises:
            ActionError: PUBLIC_URL is not set, so nobody could be told where we are.
        """
        if not settings.PUBLIC_URL:
            raise ActionError(
                _(
                    "The answer has no address to come to: whoever runs the server must set "
                    "PUBLIC_URL to its address on the internet."
                )
            )
        return f"{settings.PUBLIC_URL}{reverse('callback', args=[self.token])}"


def read_token(token: str) -> CallbackAddress:
    """The attempt that a token names.

    Raises:
        UnknownCallbackError: it was not signed by us.
    """
    if len(token) > LONGEST_TOKEN:
        raise UnknownCallbackError
    try:
        schema, task, attempt = _signer().unsign_object(token)
        return CallbackAddress(schema=schema, task=uuid.UUID(task), attempt=attempt)
    except (signing.BadSignature, ValueError) as error:
        raise UnknownCallbackError from error


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)
