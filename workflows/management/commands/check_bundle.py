from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _

from workflows.bundles import (
    canonical,
    errors_of,
    run_document_test_cases,
    test_case_failures,
)
from workflows.management.command_line import (
    BundleCommand,
    case_count,
    counted,
    found_as_json,
    problem_lines,
    read_argument,
)


class Command(BundleCommand):
    help = (
        "Check a bundle without importing it, and run its test cases. Ends with 0 where it can be "
        "published (there may be warnings), 1 where it has errors or a test case does not pass, "
        "2 where the file cannot be read. Times in a workbook that name no zone are meant in UTC: "
        "import_bundle means them in the zone of its company."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The file: .json, .yaml, .xlsx or .ods.")
        parser.add_argument(
            "--json",
            action="store_true",
            dest="as_json",
            help="Write what was found as one JSON object, for programs (docs/assistants.md).",
        )

    def handle(self, *args: Any, file: Path, as_json: bool = False, **options: Any) -> None:
        reading = read_argument(file)
        document, problems, cases = reading.document, reading.check(), []
        if isinstance(document, dict) and not errors_of(problems):
            made = canonical(document)
            cases = run_document_test_cases(made)
            problems += test_case_failures(made, cases)
        if as_json:
            self.say(json.dumps(found_as_json(problems, reading, cases), ensure_ascii=False))
            if errors_of(problems):
                raise SystemExit(1)
            return
        for line in problem_lines(problems, reading):
            self.say(line)
        if cases:
            self.say(case_count(cases))
        if errors_of(problems):
            raise CommandError(counted(problems))
        self.say(_("The bundle can be imported. %(count)s") % {"count": counted(problems)})
