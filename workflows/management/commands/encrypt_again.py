from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from tenants.errors import EncryptionError
from tenants.identity.providers import encrypt_provider_secrets_again
from tenants.logging_in.second_factor import encrypt_second_factors_again
from tenants.models import Company
from workflows.signing.signing_secrets import encrypt_secrets_again


class Command(BaseCommand):
    """After a new key was put in front of FIELD_ENCRYPTION_KEYS; then the old ones can go."""

    help = (
        "Encrypts the secrets of all companies with the first of FIELD_ENCRYPTION_KEYS. "
        "Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        companies = list(Company.objects.order_by("pk"))
        count, refused = 0, []
        for company in companies:
            try:
                with schema_context(company.schema_name):
                    count += encrypt_secrets_again()
            except EncryptionError as error:
                words = {"company": company, "error": error}
                refused.append(_("%(company)s: %(error)s") % words)
        try:
            count += encrypt_second_factors_again()
            count += encrypt_provider_secrets_again()
        except EncryptionError as error:
            refused.append(str(error))
        done = {"count": count, "companies": len(companies)}
        self.stdout.write(
            _("Secrets encrypted with the first key: %(count)d (companies: %(companies)d).") % done
        )
        if refused:
            raise CommandError("\n".join(refused))
