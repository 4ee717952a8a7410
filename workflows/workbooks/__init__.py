"""Definitions as workbooks and YAML: readers and writers of the one canonical bundle.

docs/workbook-format.md describes them for people.
"""

from workflows.workbooks.documents import (
    FileType,
    read_document,
    read_file,
    read_tasks,
    read_workbook,
    write_document,
    write_tasks,
    write_workbook,
)
from workflows.workbooks.reading import Place, Reading
from workflows.workbooks.template import write_tasks_template, write_template
from workflows.workbooks.yaml_files import read_yaml, write_yaml

__all__ = [
    "FileType",
    "Place",
    "Reading",
    "read_document",
    "read_file",
    "read_tasks",
    "read_workbook",
    "read_yaml",
    "write_document",
    "write_tasks",
    "write_tasks_template",
    "write_template",
    "write_workbook",
    "write_yaml",
]
