from __future__ import annotations

from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import CONTENT
from workflows.bundles import Change, differences
from workflows.bundles.telling.describe_changes import DescribedChange, describe_changes
from workflows.engine.process import JsonObject
from workflows.models import WorkflowDefinition


def compare_versions(*, old: WorkflowDefinition, new: WorkflowDefinition) -> list[Change]:
    """What is different in `new`: its fields, tasks, transitions, ticket types and test cases.

    Company roles are the company's own, and not part of a version.
    """
    return differences(_content(old), _content(new))


def compare_in_words(*, old: WorkflowDefinition, new: WorkflowDefinition) -> list[DescribedChange]:
    """The same, as people read it."""
    before, after = _content(old), _content(new)
    return describe_changes(differences(before, after), old=before, new=after)


def _content(workflow: WorkflowDefinition) -> JsonObject:
    document = export_bundle(workflow=workflow)
    return {name: document[name] for name in CONTENT if name in document}
