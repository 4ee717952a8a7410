"""Where in a document a refusal of definitions belongs."""

from __future__ import annotations

from collections.abc import Iterable

from ninja import Field, Schema

from tenants.api.problems import PLACES, ProblemError, pointer
from workflows.bundles import Problem
from workflows.bundles.document.errors import BundleError

DOCUMENT = "document"


class DocumentProblem(Schema):
    """Something wrong in a document, or worth a look."""

    pointer: str
    where: str = Field(description="The place in words.")
    message: str
    expected: str = ""
    nearest: str = Field(default="", description="The name that was probably meant.")
    is_error: bool

    @classmethod
    def of(cls, problem: Problem) -> DocumentProblem:
        return cls(
            pointer=pointer(DOCUMENT, *problem.path),
            where=str(problem.where),
            message=str(problem.message),
            expected=str(problem.expected),
            nearest=problem.nearest,
            is_error=problem.is_error,
        )


@PLACES.register
def places_in_document(error: Exception) -> list[ProblemError]:
    """Each error of a document, with its place."""
    if not isinstance(error, BundleError):
        return []
    return [
        ProblemError(detail=str(each.message), pointer=pointer(DOCUMENT, *each.path))
        for each in error.problems
        if each.is_error
    ]


def shown(problems: Iterable[Problem], *, most: int) -> list[DocumentProblem]:
    """Errors first, so many at most."""
    found = sorted(problems, key=lambda each: not each.is_error)
    return [DocumentProblem.of(each) for each in found[:most]]
