"""What is a person's own, and goes with them."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import Q

from tenants.connection import PUBLIC, company_of, current_schema
from tenants.logging_in.second_factor import remove_second_factor
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.models import (
    AccessToken,
    ConnectedProgram,
    LinkedAccount,
    LogInSession,
    Passkey,
    SignUpInvitation,
    User,
)
from tickets.models import Notice, NoticePreferences, SavedAnswers, SavedView
from workflows.models import Invitation


def delete_saved_answers(person: User) -> None:
    """What they have begun; files that nothing names are deleted after a week."""
    SavedAnswers.objects.filter(user=person, sent_at=None).delete()
    SavedView.objects.filter(owner=person, is_shared=False).delete()


def delete_notices(person: User) -> None:
    """What they were told, and how they wanted it. Those of others name them by their row."""
    Notice.objects.filter(recipient=person).delete()
    NoticePreferences.objects.filter(person=person).delete()


def delete_mails(person: User) -> None:
    """Those to them, which wait or were sent, and how they came in."""
    theirs = Q(person_id=person.pk) | Q(to=person.email)
    OutgoingMail.objects.filter(theirs).delete()
    from_them = Q(person_id=person.pk) | Q(sender=person.email)
    ReceivedMail.objects.filter(from_them).update(sender="", person_id=None)
    EmailAddress.objects.filter(user=person).delete()
    with company_of(PUBLIC):
        company = person.company_id
        theirs = Q(email=person.email)
        # Whoever signed the company up may have had another address when they were invited.
        earlier = User.objects.filter(company=company, pk__lt=person.pk)
        if company is not None and not earlier.exists():
            theirs |= Q(company=company)
        SignUpInvitation.objects.filter(theirs).delete()
    if current_schema() != PUBLIC:
        to_them = Q(person=person) | Q(email=person.email)
        Invitation.objects.filter(to_them).delete()


def end_log_ins(person: User) -> None:
    """Their sessions, and every way in which they could begin another one."""
    keys = list(LogInSession.objects.of_person(person).values_list("session_key", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.django_session WHERE session_key = ANY(%s)", [keys])
        cursor.execute("DELETE FROM public.account_emailaddress WHERE user_id = %s", [person.pk])
    LogInSession.objects.of_person(person).delete()
    remove_second_factor(user=person)
    Passkey.objects.filter(user=person).delete()
    LinkedAccount.objects.filter(user=person).delete()
    ConnectedProgram.objects.filter(owner=person).delete()
    AccessToken.objects.filter(owner=person).delete()
