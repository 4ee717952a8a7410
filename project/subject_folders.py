"""Where the subjects of the apps keep what Django looks for by folder."""

from __future__ import annotations

from pathlib import Path

from project.environment import BASE_DIR

APPS = ("tenants", "workflows", "tickets")


def subject_folders(name: str) -> list[Path]:
    """The folders `templates` or `static` of all subjects, such as tickets/repairing/templates.

    A subject is a package inside an app. Files are found by their path beneath the folder,
    which begins with the subject's own name: `repairing/error.html`.
    """
    return [
        folder
        for app in APPS
        for folder in sorted((BASE_DIR / app).glob(f"**/{name}"))
        if folder.is_dir() and folder.parent != BASE_DIR / app
    ]
