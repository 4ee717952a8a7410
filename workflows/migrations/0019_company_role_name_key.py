from __future__ import annotations

import logging
from typing import Any

from django.db import migrations, models

import tenants.models.fields
from tenants.migrating.data_migrations import DataMigration
from tenants.models.fields import stored_key
from tenants.names import plain_name

logger = logging.getLogger(__name__)


def fill_in_keys(apps: Any, schema_editor: Any) -> None:
    """Give each role its key. A role that looks like an older one gets a number, and is told.

    Nothing points at a role by its name, so that all that names one goes on naming it.
    """
    roles = apps.get_model("workflows", "CompanyRole").objects.order_by("pk")
    taken: set[str] = set()
    for role in roles:
        old, longest = role.name, role._meta.get_field("name").max_length
        role.name = wanted = plain_name(old) or f"Role {role.pk}"
        number = 1
        while stored_key(role.name) in taken:
            number += 1
            ending = f" ({number})"
            role.name = wanted[: longest - len(ending)].rstrip() + ending
        taken.add(stored_key(role.name))
        if number > 1:
            logger.warning(
                "%s: the company role %r looks like another one, and is called %r now. Give it "
                "another name, or move its people and its work to the other one and delete it.",
                schema_editor.connection.schema_name,
                old,
                role.name,
            )
        role.save(update_fields=["name", "name_key"])


class Migration(migrations.Migration):
    dependencies = [("workflows", "0018_take_in_ticket_definitions")]

    operations = [
        migrations.RemoveConstraint(model_name="companyrole", name="company_role_name_unique"),
        migrations.AlterField(
            model_name="companyrole",
            name="name",
            field=tenants.models.fields.NameField(max_length=100, verbose_name="name"),
        ),
        migrations.AddField(
            model_name="companyrole",
            name="name_key",
            field=tenants.models.fields.NameKeyField(default="", verbose_name="key of the name"),
            preserve_default=False,
        ),
        # A new company has no roles yet.
        DataMigration(fill_in_keys, DataMigration.noop, for_new_companies=False),
        migrations.AddConstraint(
            model_name="companyrole",
            constraint=models.UniqueConstraint(
                fields=("name_key",),
                name="company_role_name_key_unique",
                violation_error_message="There is already a company role of this name.",
            ),
        ),
    ]
