from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tenants.connection import limit_waiting
from tenants.observing import metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = get_wsgi_application()
metrics.start()
limit_waiting(
    lock_seconds=settings.PAGE_LOCK_SECONDS, statement_seconds=settings.PAGE_STATEMENT_SECONDS
)
