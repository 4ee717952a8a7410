"""What the web server serves: Django, behind the edge (project/serving/)."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

from project.serving.edge import Edge
from project.serving.long_lived import freeze_what_is_loaded
from project.wsgi import application as django_application

freeze_what_is_loaded()
application = Edge(django_application)
