"""Texts of Unfold, which comes in English alone: our catalogues translate them.

Those of parts of Unfold that no page uses are left out. A test finds those that a new version
brings.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

TEXTS: Final = (
    gettext_noop("Select record"),
    gettext_noop("Select action"),
    gettext_noop("Date from"),
    gettext_noop("Date to"),
    gettext_noop("Not enough data."),
    gettext_noop("Add new item"),
    gettext_noop("Select format"),
    gettext_noop("This exporter will export the following fields"),
    gettext_noop("View traceback"),
    gettext_noop("Select action to run"),
    gettext_noop("Select value"),
    gettext_noop("Run"),
    gettext_noop("Welcome back to"),
    gettext_noop("No data"),
    gettext_noop("All applications"),
    gettext_noop("True"),
    gettext_noop("False"),
    gettext_noop("Apply Filters"),
    gettext_noop("Filters"),
    gettext_noop("Navigate"),
    gettext_noop("Select"),
    gettext_noop("Recent searches"),
    gettext_noop("Nothing matched your search"),
    gettext_noop("Record picture"),
    gettext_noop("This item will be deleted."),
    gettext_noop("Click to cancel"),
    gettext_noop("No results found"),
    gettext_noop("This page yielded into no results."),
    gettext_noop("Reset filters"),
    gettext_noop("Image preview"),
    gettext_noop("Click to download"),
    gettext_noop("Go back"),
    gettext_noop("Previous"),
    gettext_noop("Next"),
    gettext_noop("Search apps and models..."),
    gettext_noop("Available shortcuts"),
    gettext_noop("Global shortcuts"),
    gettext_noop("Open command tool"),
    gettext_noop("Open shortcuts list"),
    gettext_noop("Toggle sidebar"),
    gettext_noop("Toggle dark/light mode"),
    gettext_noop("Changelist shortcuts"),
    gettext_noop("Toggle filter"),
    gettext_noop("Create new record"),
    gettext_noop("Command tool shortcuts"),
    gettext_noop("Open selection"),
    gettext_noop("Open selection in new tab"),
    gettext_noop("General"),
    gettext_noop("Light"),
    gettext_noop("Dark"),
    gettext_noop("System"),
    gettext_noop("Return to site"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Toggle password visibility"),
    gettext_noop("Add row"),
    gettext_noop("Welcome"),
)
