"""`python -m project.translating`: compile the catalogues, for an installation without dev.py."""

from __future__ import annotations

from project.translating.catalogues import compile_all

if __name__ == "__main__":
    compile_all()
