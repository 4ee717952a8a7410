from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.mail.models import OutgoingMail
from tenants.mail.send_mail import send_again

MAIL_SENT_AGAIN: Final = declare("company.mail_sent_again", _("A mail was sent again"))


def send_mail_again(*, mail: OutgoingMail) -> None:
    """Send a mail again that was given up, or of which nobody knows whether it was sent.

    Raises:
        NotGivenUpError, TextsGoneError: as `send_again`.
    """
    with transaction.atomic():
        send_again(mail=mail)
        record(MAIL_SENT_AGAIN, about=mail, to=mail.to)
