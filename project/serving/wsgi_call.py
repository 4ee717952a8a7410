"""Calling a WSGI application for an ASGI request whose body is there already (PEP 3333)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from project.serving.responses import Answer, plain_answer
from tenants.observing.request_ids import REQUEST_ID

logger = logging.getLogger(__name__)

type Environ = dict[str, Any]
type Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def environ_of(scope: Mapping[str, Any], body: IO[bytes], size: int) -> Environ:
    """The request as WSGI describes it. `size` is that of the body, in bytes.

    A header whose name has an underscore is left out: it would be taken for the one with
    hyphens, which a proxy in front may have set.
    """
    host, port = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": client[0],
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if REQUEST_ID in scope:
        environ[REQUEST_ID] = scope[REQUEST_ID]
    for name, value in scope["headers"]:
        _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add_header(environ: Environ, name: str, value: str) -> None:
    if "_" in name or name in ("content-length", "transfer-encoding"):
        return  # how long the body is, we know by now
    key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
    between = "; " if name == "cookie" else ","
    environ[key] = f"{environ[key]}{between}{value}" if key in environ else value


def call(application: Application, environ: Environ) -> Answer:
    """What the application answers, all of it. One that fails answers 500: it never raises."""
    answer = Answer()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        answer.start(status, headers)
        return answer.add

    try:
        parts = application(environ, start_response)
        try:
            for part in parts:
                answer.add(part)
        finally:
            # Django ends its request here: it lets go of files and of old connections.
            if close := getattr(parts, "close", None):
                close()
    except Exception:
        logger.exception("A request failed outside Django")
        answer.close()
        return plain_answer(500, "Something went wrong on our side. Please try again later.")
    return answer
