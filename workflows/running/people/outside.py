"""Forms for people outside the company: whom a task names, and the link that they are sent.

A link is a secret that is told once, in the mail; only its digest is kept. It names the company and
its own row, signed, so that what is not ours is refused before anything is looked up.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants.connection import current_schema
from tenants.hooks import Hook
from tenants.names import plain_email
from workflows.models import Contact, ContactLink, TaskInstance
from workflows.running.people.facts import outside_address

LIFETIME: Final = timedelta(days=30)
# Of the secret: 256 bits, in the letters of an address.
SECRET_BYTES: Final = 32
SALT: Final = "workflows.outside"

# Puts the mail with a link into the outbox, in the transaction of the step: of the link, with its
# task and contact, the token of its address, and what the mail says besides.
MAIL_LINK: Hook[[ContactLink, str, str], None] = Hook()


def find_contact(task: TaskInstance) -> Contact | None:
    """Whom outside the task is for; None where the answer is no e-mail address."""
    address = plain_email(outside_address(task))
    try:
        validate_email(address)
    except ValidationError:
        return None
    return contact_of(address)


def contact_of(email: str) -> Contact:
    """The contact with this address, made where there is none.

    Its row is locked until the end of the transaction: nobody deletes it meanwhile.
    """
    made = Contact.objects.bulk_create(
        [Contact(email=email)],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["email"],
    )
    return made[0]


def send_link(task: TaskInstance, *, now: datetime, said: str = "") -> None:
    """Send the contact of a task a link of its own to the form. `said` is what a reminder says."""
    contact = task.contact
    if contact is None:
        return
    ContactLink.objects.of_task(task).exclude(contact=contact).delete()
    secret = secrets.token_urlsafe(SECRET_BYTES)
    link = ContactLink.objects.create(
        contact=contact,
        task=task,
        digest=digest_of(secret),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    token = signing.dumps([current_schema(), link.pk, secret], salt=SALT)
    MAIL_LINK.call_all(link, token, said)


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
