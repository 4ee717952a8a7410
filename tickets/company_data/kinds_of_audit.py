"""What the audit logs say of a company's data as a whole."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare

EXPORT_STARTED: Final = declare("company.export_started", _("An export of everything was started"))
EXPORT_MADE: Final = declare("company.export_made", _("An export of everything was made"))
EXPORT_FETCHED: Final = declare("company.export_fetched", _("An export of everything was fetched"))
DELETION_ASKED: Final = declare(
    "company.deletion_asked", _("Somebody asked that the company be deleted")
)
DELETION_TAKEN_BACK: Final = declare(
    "company.deletion_taken_back", _("The deletion of the company was taken back")
)
DELETION_BEGAN: Final = declare("company.deletion_began", _("A company is being deleted"))
DELETED: Final = declare("company.deleted", _("A company was deleted"))
RESTORED: Final = declare("company.restored", _("The company was restored from an archive"))
RESTORE_STARTED: Final = declare(
    "company.restore_started", _("A company is to be restored from an archive")
)
RESTORE_FAILED: Final = declare(
    "company.restore_failed", _("A company could not be restored from an archive")
)
