from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0053_described"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="contact",
            options={
                "default_permissions": ("view",),
                "ordering": ("-pk",),
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
            },
        ),
    ]
