"""The addresses of the operations, beneath that of the API: its door alone looks here."""

from __future__ import annotations

from project.programs.api import api

# Without that of its root, which says nothing.
urlpatterns = [each for each in api.urls[0] if getattr(each, "name", "") != "api-root"]
