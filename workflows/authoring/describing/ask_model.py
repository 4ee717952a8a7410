"""The client of the model: one POST in the chat-completions form, bounded in time and in size.

Whoever runs the installation has set the address, so that it may stand in a network of their own:
it is not guarded as those that customers write. Redirects are not followed, and nothing is taken
from the environment but the certificates to trust (SSL_CERT_FILE, SSL_CERT_DIR).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ssl import SSLContext
from typing import Final

import httpx
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from workflows.authoring.describing.errors import ModelError
from workflows.engine.process import Json

logger = logging.getLogger(__name__)

# A large bundle has a tenth of this.
MOST_BYTES: Final = 2_000_000

type Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model and its server. `address` is that before /chat/completions, `seconds` bound all of
    an answer."""

    address: str
    name: str
    key: str = field(repr=False)
    seconds: float

    @property
    def url(self) -> str:
        end = "/chat/completions"
        return self.address if self.address.endswith(end) else f"{self.address}{end}"


def chat_model() -> ChatModel | None:
    """The model of this installation; None: there is none."""
    if not settings.DESCRIBE_MODEL_URL:
        return None
    return ChatModel(
        settings.DESCRIBE_MODEL_URL,
        settings.DESCRIBE_MODEL_NAME,
        settings.DESCRIBE_MODEL_KEY,
        settings.DESCRIBE_MODEL_SECONDS,
    )


def ask_model(model: ChatModel, messages: Messages) -> str:
    """What the model says next. Blocks; must not run inside an event loop.

    Raises:
        ModelError: it did not answer in time, or with something else.
    """
    try:
        status, body = asyncio.run(_post(model, messages))
    except (TimeoutError, httpx.TimeoutException) as error:
        text = _("The model did not answer within %(seconds)s seconds. Try again.")
        raise ModelError(text % {"seconds": number_format(f"{model.seconds:g}")}) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        logger.warning("The model at %s: %s: %s", model.address, type(error).__name__, error)
        raise ModelError(
            _("The server of the model could not be reached, or broke off. Try again.")
        ) from error
    if status != 200:
        logger.warning("The model at %s answered with status %d.", model.address, status)
        raise ModelError(_why(status))
    return _content(body)


async def _post(model: ChatModel, messages: Messages) -> tuple[int, bytes]:
    request = httpx.Request(
        "POST",
        model.url,
        headers=_headers(model),
        content=json.dumps(
            {"model": model.name, "messages": [dict(each) for each in messages], "stream": False}
        ).encode(),
        extensions={"timeout": httpx.Timeout(model.seconds).as_dict()},
    )
    # The bare transport: httpx's client would read Location and keep cookies.
    async with (
        asyncio.timeout(model.seconds),
        httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False) as transport,
    ):
        response = await transport.handle_async_request(request)
        try:
            body = await _read(response) if response.status_code == 200 else b""
        finally:
            await response.aclose()
    return response.status_code, body


def _headers(model: ChatModel) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "TicketFlower",
    }
    return {**headers, "Authorization": f"Bearer {model.key}"} if model.key else headers


async def _read(response: httpx.Response) -> bytes:
    """The body as it came: nothing is unpacked, so that the limit holds."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ModelError(_unusable())
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            text = _("The model answered with more than %(limit)d kB, which is the limit.")
            raise ModelError(text % {"limit": MOST_BYTES // 1000})
    return bytes(body)


def _why(status: int) -> str:
    """What an error status means, for people. What the server writes beside it is not shown."""
    words = {"status": status}
    if status in (401, 403):
        return (
            _(
                "The server of the model refuses the key (status %(status)d). Tell whoever runs "
                "TicketFlower."
            )
            % words
        )
    if status == 429:
        return _("The model has too much to do, or its allowance is used up. Try again later.")
    if 300 <= status < 400:
        return (
            _(
                "The server of the model sends us elsewhere (status %(status)d), which is not "
                "followed. Tell whoever runs TicketFlower."
            )
            % words
        )
    if status >= 500:
        return (
            _("The server of the model has trouble (status %(status)d). Try again later.") % words
        )
    return (
        _(
            "The server of the model refuses the request (status %(status)d). Tell whoever runs "
            "TicketFlower."
        )
        % words
    )


def _unusable() -> str:
    return _(
        "The server of the model answered in another form than that of chat completions. Tell "
        "whoever runs TicketFlower."
    )


def _content(body: bytes) -> str:
    """The text of the answer. Raises ModelError."""
    try:
        answer: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ModelError(_unusable()) from error
    choices = answer.get("choices") if isinstance(answer, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str) or not isinstance(choice, dict):
        raise ModelError(_unusable())
    if choice.get("finish_reason") == "length":
        raise ModelError(
            _(
                "The model stopped in the middle of its answer: it may not write as much. "
                "Describe less."
            )
        )
    return text


@lru_cache(maxsize=1)
def _tls() -> SSLContext:
    """Made once: reading the certificates takes as long as a quick call."""
    return httpx.create_ssl_context(trust_env=True)
