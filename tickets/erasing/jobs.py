from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.erasing import erase_contact as erasing_contacts
from tickets.erasing import erase_person as erasing
from tickets.job_names import ERASE_CONTACT, ERASE_PERSON


@app.task(name=ERASE_PERSON, queue=Queue.BULK, retry=PATIENT)
@in_company
def erase_person(person_id: int, tickets: str = "") -> None:
    """Erase a person; a worker that was killed is followed by one that begins anew."""
    erasing.erase_person(
        person_id=person_id, tickets=[int(each) for each in tickets.split(",") if each]
    )


@app.task(name=ERASE_CONTACT, queue=Queue.BULK, retry=PATIENT)
@in_company
def erase_contact(contact_id: int, with_answers: bool = True) -> None:
    """Erase somebody outside; likewise."""
    erasing_contacts.erase_contact(contact_id=contact_id, with_answers=with_answers)
