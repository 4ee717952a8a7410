"""The HTTP client: one POST, bounded in time and in size.

Redirects are not followed, and nothing is taken from the environment but the certificates
to trust (SSL_CERT_FILE, SSL_CERT_DIR): no proxy, no .netrc.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from functools import lru_cache

import httpx
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from workflows.actions.contract import Answer, Sendable
from workflows.actions.destinations import Endpoint, check_url, find_endpoints, host_of
from workflows.actions.errors import ActionError, TemporaryActionError
from workflows.engine.failure import FailureReason

MAX_BODY_BYTES = 1_000_000
_GZIP = 16 + zlib.MAX_WBITS


def make_call(request: Sendable) -> Answer:
    """Send the request; return whatever was answered, an error status too.

    `timeout_seconds` bounds all of it: look-up, connection, request and answer. Blocks; must
    not run inside an event loop.
    Raises ActionError, TemporaryActionError.
    """
    return asyncio.run(_call(request))


async def _call(request: Sendable) -> Answer:
    url = check_url(request.url)
    host = host_of(url)
    try:
        async with asyncio.timeout(request.timeout_seconds):
            endpoints = await find_endpoints(url)
            return await _post(request, url, endpoints)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TemporaryActionError(
            _("%(host)s did not answer within %(seconds)s seconds.")
            % {"host": host, "seconds": number_format(f"{request.timeout_seconds:g}")},
            detail=_detail(url, error),
            reason=FailureReason.NO_ANSWER,
        ) from error
    except httpx.ConnectError as error:
        raise _not_connected(url, error) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TemporaryActionError(
            _("%(host)s broke the connection off before it had answered.") % {"host": host},
            detail=_detail(url, error),
            reason=FailureReason.NO_ANSWER,
        ) from error


async def _post(request: Sendable, url: httpx.URL, endpoints: list[Endpoint]) -> Answer:
    """Post to the first endpoint that can be connected to."""
    # The bare transport: httpx's client would read Location and keep cookies.
    async with httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False) as transport:
        for endpoint in endpoints[:-1]:
            # An address that swallows everything must not use up the time of the others.
            share = request.timeout_seconds / len(endpoints)
            try:
                return await _post_to(transport, request, url, endpoint, connect_seconds=share)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await _post_to(transport, request, url, endpoints[-1])


async def _post_to(
    transport: httpx.AsyncHTTPTransport,
    request: Sendable,
    url: httpx.URL,
    endpoint: Endpoint,
    *,
    connect_seconds: float | None = None,
) -> Answer:
    response = await transport.handle_async_request(
        httpx.Request(
            request.method,
            url.copy_with(host=endpoint.host, port=endpoint.port),
            headers={**request.headers, **request.own_headers, **_headers(url)},
            content=request.content,
            extensions={
                # The certificate is checked against this name, not against the address.
                "sni_hostname": host_of(url),
                "timeout": httpx.Timeout(None, connect=connect_seconds).as_dict(),
            },
        )
    )
    try:
        body = await _read(response, host_of(url))
    except ActionError as error:
        if response.is_success:
            error.answered_with = response.status_code
            raise
        body = b""  # The status says more than its page would.
    finally:
        await response.aclose()
    return Answer(response.status_code, dict(response.headers), body)


def _headers(url: httpx.URL) -> dict[str, str]:
    return {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": "TicketFlower",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
    }


async def _read(response: httpx.Response, host: str) -> bytes:
    """The body, decompressed: the limit holds for what is received and for what it becomes.

    Not with httpx's own decoders, which inflate a chunk whole, and several times over.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise ActionError(
            _("%(host)s answered in a compression that actions cannot read.") % {"host": host},
            detail=f"Content-Encoding: {encoding[:100]}",
            reason=FailureReason.UNUSABLE_ANSWER,
        )
    inflater = zlib.decompressobj(_GZIP) if encoding != "identity" else None
    body = bytearray()
    received = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        try:
            body += inflater.decompress(chunk, MAX_BODY_BYTES + 1) if inflater else chunk
        except zlib.error as error:
            raise _broken_compression(host) from error
        if max(received, len(body)) > MAX_BODY_BYTES:
            raise ActionError(
                _("The answer of %(host)s is larger than %(limit)d kB, which is the limit.")
                % {"host": host, "limit": MAX_BODY_BYTES // 1000},
                reason=FailureReason.UNUSABLE_ANSWER,
            )
    if inflater and received and not inflater.eof:
        raise _broken_compression(host)
    return bytes(body)


def _broken_compression(host: str) -> ActionError:
    return ActionError(
        _("%(host)s answered with compressed data that is broken.") % {"host": host},
        reason=FailureReason.UNUSABLE_ANSWER,
    )


def _not_connected(url: httpx.URL, error: httpx.ConnectError) -> ActionError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ActionError(
                _("The certificate of %(host)s cannot be trusted: %(reason)s.")
                % {"host": host_of(url), "reason": cause.verify_message.rstrip(".")},
                detail=_detail(url, error),
                reason=FailureReason.UNREACHABLE,
            )
        cause = cause.__cause__ or cause.__context__
    return TemporaryActionError(
        _("%(host)s could not be reached.") % {"host": host_of(url)},
        detail=_detail(url, error),
        reason=FailureReason.UNREACHABLE,
    )


def _detail(url: httpx.URL, error: BaseException) -> str:
    """For the log. Without path and query, in which people put tokens."""
    place = f"{url.scheme}://{url.netloc.decode('ascii')}"
    return f"POST {place}\n{type(error).__name__}: {error}"


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes as long as a quick call."""
    return httpx.create_ssl_context(trust_env=True)
