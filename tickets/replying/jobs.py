from __future__ import annotations

import logging

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tenants.connection import use_public
from tenants.fair_turns import Queue
from tenants.mail.incoming.mailbox import MailboxError, is_mailbox_set_up
from tickets.job_names import READ_MAILBOX
from tickets.replying import read_mailbox as reading

logger = logging.getLogger(__name__)


# Every minute, one at a time.
@app.periodic(cron="* * * * *")
@app.task(name=READ_MAILBOX, queue=Queue.MAILS, lock=READ_MAILBOX)
def read_mailbox(timestamp: int) -> None:
    """Handle the mails that have arrived in the mailbox for replies, where there is one."""
    if not is_mailbox_set_up():
        return
    close_old_connections()
    use_public()
    try:
        reading.read_mailbox()
    except MailboxError as error:  # the next minute tries again
        logger.warning("The mailbox for replies cannot be read: %s", error)
