from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workflows.errors import DraftChangedError, NotADraftError
from workflows.models import WorkflowDefinition


@dataclass(frozen=True, slots=True)
class SeenDraft:
    """A draft as somebody saw it who agreed to replace it."""

    pk: int
    updated_at: datetime

    @classmethod
    def of(cls, draft: WorkflowDefinition) -> SeenDraft:
        return cls(draft.pk, draft.updated_at)

    def lock(self) -> WorkflowDefinition:
        """The draft, locked, if it is still as it was seen.

        Raises:
            NotADraftError: it was published or deleted in the meantime.
            DraftChangedError: somebody has saved it in the meantime; it says who.
        """
        draft = WorkflowDefinition.objects.select_for_update().filter(pk=self.pk).first()
        if draft is None or not draft.is_draft:
            raise NotADraftError
        if draft.updated_at != self.updated_at:
            raise DraftChangedError(by=draft.changed_by, at=draft.updated_at)
        return draft
