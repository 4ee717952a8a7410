from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0018_links_and_ratings")]

    operations = [
        migrations.AlterModelOptions(
            name="ticket",
            options={
                "ordering": ("-pk",),
                "permissions": (("view_report", "Can see the report"),),
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
            },
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["created_at"], name="ticket_submitted"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("workflow_instance__isnull", True)),
                fields=["id"],
                name="ticket_without_workflow",
            ),
        ),
    ]
