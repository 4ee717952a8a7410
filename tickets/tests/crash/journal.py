from __future__ import annotations

from pathlib import Path


class Journal:
    """A file in which the processes of a test note what they did, a line for each thing."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.file.touch()

    def note(self, line: str) -> None:
        """Add a line; whole, also where others write at the same time."""
        with self.file.open("ab", buffering=0) as journal:
            journal.write(f"{line}\n".encode())

    def notes(self, word: str) -> list[str]:
        """What follows this word in the lines that begin with it."""
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return [line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} ")]
