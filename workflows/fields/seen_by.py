"""Who sees the answer to a question, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from workflows.fields.field import SeenBy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SEEN_BY_WORDS: Final[Mapping[SeenBy, StrOrPromise]] = {
    SeenBy.TEAM: _("the team only"),
    SeenBy.REQUESTER: _("the requester, too"),
}
