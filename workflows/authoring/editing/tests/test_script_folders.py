"""The editor's scripts stand in folders by subject, and none knows what is built on it."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from django.test import SimpleTestCase

SCRIPTS = Path(__file__).resolve().parents[1] / "static/editing"
# Each imports from itself and from those before it: docs/architecture.md says what stands in which.
# What stands in no folder is named for itself.
ORDER = (
    *("types.js", "dom.js"),
    *("document", "inputs", "variables", "rules", "questions", "answers", "steps", "test_cases"),
    *("tabs", "checks.js", "main.js"),
)
MOST_IN_A_FOLDER = 15
IMPORTED = re.compile(r'^(?:import|export)\b[^";]*"(\.[^"]+)";', re.MULTILINE)


def imports(script: str, text: str) -> set[str]:
    """The scripts of the editor that one imports, by their paths under its folder."""
    folder = posixpath.dirname(script)
    found = {posixpath.normpath(posixpath.join(folder, each)) for each in IMPORTED.findall(text)}
    return {each for each in found if not each.startswith("..")}


class ScriptFolderTests(SimpleTestCase):
    def texts(self) -> dict[str, str]:
        return {
            path.relative_to(SCRIPTS).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(SCRIPTS.rglob("*.js"))
        }

    def test_a_script_imports_from_its_folder_and_from_those_before_it(self) -> None:
        texts = self.texts()
        known = 0
        for script, text in texts.items():
            place = ORDER.index(script.split("/")[0])
            for other in imports(script, text):
                known += 1
                with self.subTest(script, imports=other):
                    self.assertIn(other, texts)
                    self.assertLessEqual(ORDER.index(other.split("/")[0]), place)
        self.assertGreater(known, len(texts))

    def test_what_is_imported_is_read(self) -> None:
        text = (
            'import { a } from "./a.js";\n'
            'import {\n  b,\n} from "../rules/b.js";\n'
            'import "../c.js";\n'
        )
        self.assertEqual(imports("steps/x.js", text), {"steps/a.js", "rules/b.js", "c.js"})
        self.assertEqual(imports("x/y.js", 'import { h } from "../../layouts/host.js";'), set())

    def test_no_folder_is_full(self) -> None:
        folders = [path.parent for path in SCRIPTS.rglob("*.js")]
        for folder in {*folders}:
            with self.subTest(folder.name):
                self.assertLessEqual(folders.count(folder), MOST_IN_A_FOLDER)
