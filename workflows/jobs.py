"""Registers the jobs of definitions with the queue, which looks for a module of this name."""

from workflows.authoring.describing import jobs as describing
from workflows.authoring.importing import jobs as importing
from workflows.people import jobs as people

__all__ = ["describing", "importing", "people"]
