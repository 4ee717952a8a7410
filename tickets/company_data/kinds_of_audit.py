"""What the audit logs say of a company's data as a whole."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare

EXPORT_STARTED: Final = declare("company_export.started", _("An export of everything was started"))
EXPORT_MADE: Final = declare("company_export.made", _("An export of everything was made"))
EXPORT_FETCHED: Final = declare("company_export.fetched", _("An export of everything was fetched"))
RESTORED: Final = declare("company.restored", _("The company was restored from an archive"))
