"""README.txt of an archive: for whoever unpacks it years later."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tickets.company_data.archive import FORMAT_VERSION, Manifest


def readme(manifest: Manifest) -> str:
    """What is in the archive, in plain words."""
    rows = "\n".join(
        f"  {name}: {about['rows']}" for name, about in sorted(manifest.tables.items())
    )
    left_out = "\n".join(f"  {name}: {why}" for name, why in manifest.left_out.items())
    text = _TEXT % {
        "company": manifest.company["name"],
        "made_at": manifest.made_at,
        "version": FORMAT_VERSION,
        "rows": rows,
        "people": manifest.company["people"],
        "files": len(manifest.files),
        "left_out": left_out,
    }
    if manifest.missing_files:
        text += "\n" + _("These uploads were no longer there:") + "\n"
        text += "".join(f"  {each}\n" for each in manifest.missing_files)
    if manifest.too_large_for_workbooks:
        text += "\n" + _("Types with more tickets than fit a workbook (data/ has all of them):")
        text += "\n"
        text += "".join(f"  {each}\n" for each in manifest.too_large_for_workbooks)
    return text


_TEXT = """\
Everything of %(company)s in TicketFlower, as it was at %(made_at)s (format version %(version)d).
Keep it as you keep your files: it holds everything that people have entered.

tickets/      the tickets of each type as a workbook, with what was answered: open them with a
              spreadsheet program
definitions/  each version of each workflow, as a bundle (.json) and as a workbook (.xlsx): both
              can be imported into any TicketFlower
files/        what was uploaded, named by its number; data/tickets_fileupload.jsonl says of each
              what it was called and to which ticket it belongs
data/         the tables of the database, a row a line, as JSON: what the company is restored from.
              The audit log is data/audit_auditevent.jsonl, the history of all tickets
              data/workflows_workflowevent.jsonl
public/       the people with their roles. No password and no second factor is in here: whoever is
              restored is given a new password
manifest.json the versions, how many rows there are, and the SHA-256 of each file

To restore it as a new company, on an installation of the same version:

    python manage.py restore_company <this file> --name "<name of the company>"

Rows:
%(rows)s
  people: %(people)d
  files: %(files)d

Left out:
%(left_out)s
"""
