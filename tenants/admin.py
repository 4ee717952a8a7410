"""The screens of companies; those of people stand in workflows.admin, with company roles."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth import admin as auth_admin  # registers the screen taken away below
from django.contrib.auth.models import Group
from procrastinate.contrib.django import admin as job_admin  # likewise
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.account.pages import (
    identity_provider,
    invite_company,
    one_time_link,
    second_factor,
)
from tenants.mail_log.pages import outgoing, received
from tenants.pages import company

__all__ = [
    "auth_admin",
    "company",
    "identity_provider",
    "invite_company",
    "job_admin",
    "one_time_link",
    "outgoing",
    "received",
    "second_factor",
]

# The system roles are fixed in tenants/roles.py; jobs are everybody's and name every company.
# Nobody looks at the secrets of second factors; e-mail addresses stand with the people.
admin.site.unregister([Group, ProcrastinateJob, Authenticator, EmailAddress])
