"""What the web server of the benchmark serves: the product, and the plain site beside it.

Run by bench/over_http/browser.py on the benchmark's own database. `/spent` says what the process
has used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from django.core.wsgi import get_wsgi_application

from bench.measuring.counting import start_counting
from bench.measuring.measure import own_spending
from project.serving.edge import Edge

product = get_wsgi_application()

from bench.floors.plain_site import plain_application  # noqa: E402 - it has models

plain = plain_application()
start_counting()


def both_sites(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    address = environ["PATH_INFO"]
    if address == "/spent":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(asdict(own_spending())).encode()]
    site = plain if address.startswith("/plain/") else product
    answer: Iterable[bytes] = site(environ, start_response)
    return answer


application = Edge(both_sites)
