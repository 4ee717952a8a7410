"""Layouts in which nothing is shown: the pages would show the plain form, and nobody knew why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.outline import Outline
from workflows.layouts.source import exports_component

NAMES: Final = ("edit_layout", "display_layout")


def layout_problems(outline: Outline) -> Iterator[Problem]:
    """A warning for each layout that exports no component."""
    for entry in (outline.workflow, *outline.tasks, *outline.ticket_types):
        for name in NAMES:
            source = entry.value.get(name)
            if isinstance(source, str) and source.strip() and not exports_component(source):
                message = _(
                    "Nothing of this layout is shown, as it exports no component. Write "
                    "“export default function Layout(props) { … }”."
                )
                yield Problem((*entry.path, name), message, severity=Severity.WARNING)
