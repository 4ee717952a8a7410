from __future__ import annotations

from typing import Any

from django.db import migrations

MOVED = ("ticketdefinition", "importrun")


def move(apps: Any, *, origin: str, target: str) -> None:
    content_types = apps.get_model("contenttypes", "ContentType").objects
    for model in MOVED:
        moved = content_types.filter(app_label=origin, model=model)
        if moved.exists():
            # One that was made since stands for nothing yet.
            content_types.filter(app_label=target, model=model).delete()
            moved.update(app_label=target)


def to_workflows(apps: Any, schema_editor: Any) -> None:
    move(apps, origin="tickets", target="workflows")


def back_to_tickets(apps: Any, schema_editor: Any) -> None:
    move(apps, origin="workflows", target="tickets")


class Migration(migrations.Migration):
    """Rename the content types of models that move from `tickets` to `workflows`.

    Permissions and the admin's log point to them. Django makes content types after the
    migrations of `public`: this one has to come first, or there would be two.
    """

    dependencies = [
        ("tenants", "0002_request_count"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(to_workflows, back_to_tickets)]
