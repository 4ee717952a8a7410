"""Pages that were declared wrongly, found when the program starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from tenants.pages.page import registered_pages


@register
def check_permissions(**kwargs: Any) -> list[CheckMessage]:
    """A permission that no model has is one that nobody but a superuser would ever have."""
    known = set(_permissions())
    return [
        Error(
            f"The page {entry.name} needs the permission {permission!r}, which no model has.",
            hint="Write it as app.action_model, such as workflows.change_workflowdefinition.",
            obj=entry.page,
            id="tenants.E001",
        )
        for entry in registered_pages()
        for permission in entry.page.permissions
        if permission not in known
    ]


def _permissions() -> Iterator[str]:
    for model in apps.get_models():
        meta = model._meta
        names = [f"{action}_{meta.model_name}" for action in meta.default_permissions]
        names += [str(codename) for codename, _title in meta.permissions]
        yield from (f"{meta.app_label}.{name}" for name in names)


@register
def check_files(**kwargs: Any) -> list[CheckMessage]:
    """A file of pages that no admin.py imports: its pages would be missing, unnoticed."""
    return [
        Error(
            f"{module} has pages that stand nowhere, because nothing imports it.",
            hint=f"Import it in {module.partition('.')[0]}/admin.py.",
            id="tenants.E002",
        )
        for module in _files_of_pages(Path(settings.BASE_DIR))
        if module not in sys.modules
    ]


def _files_of_pages(base: Path) -> Iterator[str]:
    """The modules of our own apps that register a page."""
    for app in apps.get_app_configs():
        folder = Path(app.path)
        for path in sorted(folder.glob("**/pages/*.py")) if folder.parent == base else ():
            if "\n@register_page(" in path.read_text(encoding="utf-8"):
                yield ".".join(path.relative_to(base).with_suffix("").parts)
