from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _

from workflows.bundles import canonical, errors_of
from workflows.management.command_line import (
    BundleCommand,
    counted,
    file_type_of,
    problem_lines,
    read_argument,
    write_file,
)
from workflows.workbooks import write_document, write_template


class Command(BundleCommand):
    help = (
        "Write a bundle in another format: .json, .yaml, .xlsx or .ods, as the names say. Without "
        "a first file, write the template that people begin with. The workbooks in fixtures/ are "
        "made from the .json beside them: manage.py convert_bundle fixtures/x.json fixtures/x.xlsx"
        ". Times in a workbook that name no zone are meant in UTC."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="The file to read.")
        parser.add_argument("output", type=Path, help="The file to write.")

    def handle(self, *args: Any, file: Path | None, output: Path, **options: Any) -> None:
        file_type = file_type_of(output)
        if file is None:
            write_file(output, write_template(file_type))
            return
        reading = read_argument(file)
        problems = reading.check()
        for line in problem_lines(problems, reading):
            self.say(line)
        if errors_of(problems) or not isinstance(reading.document, dict):
            raise CommandError(counted(problems))
        write_file(output, write_document(canonical(reading.document), file_type))
        self.say(_("%(path)s was written.") % {"path": output})
