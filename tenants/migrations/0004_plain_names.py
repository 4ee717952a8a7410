from __future__ import annotations

import logging
from typing import Any

from django.db import migrations

import tenants.models.fields
from tenants.names import plain_email, plain_name

logger = logging.getLogger(__name__)


def make_plain(apps: Any, schema_editor: Any) -> None:
    """Keep names and e-mail addresses as they are kept from now on.

    Two people whose addresses look alike cannot both have the plain one: the older account has
    it, and the other is told.
    """
    for company in apps.get_model("tenants", "Company").objects.order_by("pk"):
        company.name = plain_name(company.name) or company.schema_name
        company.save(update_fields=["name"])
    people = apps.get_model("tenants", "User").objects
    for person in people.order_by("pk"):
        for name in ("first_name", "last_name"):
            setattr(person, name, plain_name(getattr(person, name)))
        person.save(update_fields=["first_name", "last_name"])
        plain = plain_email(person.email)
        if plain == person.email:
            continue
        if people.filter(email=plain).exclude(pk=person.pk).exists():
            logger.warning(
                "Person %s has the address %a, which looks like that of somebody else, and cannot "
                "log in with it any more. An admin of their company gives them another address.",
                person.pk,
                person.email,
            )
        else:
            people.filter(pk=person.pk).update(email=plain)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_move_content_types")]

    operations = [
        migrations.AlterField(
            model_name="company",
            name="name",
            field=tenants.models.fields.NameField(max_length=100, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="user",
            name="first_name",
            field=tenants.models.fields.NameField(
                blank=True, max_length=100, verbose_name="first name"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="last_name",
            field=tenants.models.fields.NameField(
                blank=True, max_length=100, verbose_name="last name"
            ),
        ),
        # Companies and people that are made later are kept so by their fields.
        migrations.RunPython(make_plain, migrations.RunPython.noop),
    ]
