"""The links of a definition to other pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.engine.schemas.json_schema import is_web_address


@dataclass(frozen=True, slots=True)
class Reference:
    label: str
    description: str
    uri: str


def references(ext_ref: object) -> list[Reference]:
    """External references; `uri` is empty where it is not an address of the web."""
    if not isinstance(ext_ref, list):
        return []
    return [_reference(each) for each in ext_ref if isinstance(each, dict)]


def _reference(each: Mapping[str, object]) -> Reference:
    uri = str(each.get("uri") or "")
    return Reference(
        label=str(each.get("label") or uri),
        description=str(each.get("description") or ""),
        uri=uri if is_web_address(uri) else "",
    )
