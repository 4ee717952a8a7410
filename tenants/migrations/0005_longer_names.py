from django.db import migrations

import tenants.models.fields


class Migration(migrations.Migration):
    """255 characters, as everywhere. Postgres only notes the new length: no row is written."""

    dependencies = [("tenants", "0004_plain_names")]

    operations = [
        migrations.AlterField(
            model_name="company",
            name="name",
            field=tenants.models.fields.NameField(max_length=255, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="user",
            name="first_name",
            field=tenants.models.fields.NameField(
                blank=True, max_length=255, verbose_name="first name"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="last_name",
            field=tenants.models.fields.NameField(
                blank=True, max_length=255, verbose_name="last name"
            ),
        ),
    ]
