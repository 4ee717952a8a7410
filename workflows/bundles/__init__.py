"""A whole definition as one document: its format, its checks, its readers and writers.

Pure over the document; importing one is a service of `workflows/authoring/importing`.
docs/bundle-format.md describes the format for people.
"""

from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import FORMAT, FORMAT_VERSION, canonical
from workflows.bundles.document.problems import Problem, Severity, errors_of
from workflows.bundles.document.reading import (
    MAX_BYTES,
    read_bundle,
    read_bundle_file,
    write_bundle,
)
from workflows.bundles.telling.differences import Change, ChangeKind, differences
from workflows.bundles.trying.cases import (
    TestCaseResult,
    run_document_test_cases,
    test_case_failures,
)
from workflows.bundles.trying.trial import Trial

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "MAX_BYTES",
    "Change",
    "ChangeKind",
    "Problem",
    "Severity",
    "TestCaseResult",
    "Trial",
    "canonical",
    "check_bundle",
    "differences",
    "errors_of",
    "read_bundle",
    "read_bundle_file",
    "run_document_test_cases",
    "test_case_failures",
    "write_bundle",
]
