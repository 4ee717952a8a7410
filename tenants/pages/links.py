from __future__ import annotations

from django.db.models import Model
from django.urls import NoReverseMatch, reverse


def admin_link(obj: Model) -> str:
    """The address of an object's detail page; empty where it has none."""
    try:
        return reverse(f"admin:{prefix_of(type(obj))}_change", args=(obj.pk,))
    except NoReverseMatch:
        return ""


def prefix_of(model: type[Model]) -> str:
    """What the names of a screen's addresses begin with: `tickets_ticket`."""
    return f"{model._meta.app_label}_{model._meta.model_name}"
