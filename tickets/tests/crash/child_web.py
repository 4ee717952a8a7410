"""What the web server of these tests serves: the product, with a death at a commit."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from project.serving.edge import Edge
from tickets.tests.crash.dying import die_at_commit

application = Edge(get_wsgi_application())

from tickets.tests.crash.quick_time import quick_minutes  # noqa: E402 - it imports models

quick_minutes().start()
die_at_commit("web")
