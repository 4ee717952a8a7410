"""The catalogues of texts: found in the sources, kept in `locale/` of each app, compiled.

Made and compiled by Babel: no program of gettext is needed. `python3 dev.py messages` does it.
"""
