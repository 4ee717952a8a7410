"""What serves the floor of a page; `/spent` says what the process has used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from django.core.wsgi import get_wsgi_application

from bench.measuring.counting import start_counting
from bench.measuring.measure import own_spending
from project.serving.edge import Edge

bare = get_wsgi_application()
start_counting()


def with_figures(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/spent":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(asdict(own_spending())).encode()]
    answer: Iterable[bytes] = bare(environ, start_response)
    return answer


application = Edge(with_figures)
