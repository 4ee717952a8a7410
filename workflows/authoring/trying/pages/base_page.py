"""What the pages on which a version is tried out have in common: tabs that lead to each other."""

from __future__ import annotations

from typing import Any

from tenants.pages.page import buttons_of
from workflows.authoring.definitions.pages.definition_page import DefinitionPage

# The group of these pages' buttons.
TRYING = "trying"


class TryingPage(DefinitionPage):
    """A page of one of the tabs; its button has the group TRYING."""

    def shell(self) -> dict[str, Any]:
        tabs = buttons_of(self.request, self.workflow, group=TRYING)
        return {**super().shell(), "tabs": tabs}
