"""The history of tickets is only ever added to, and the database holds it."""

from __future__ import annotations

from django.db import migrations

TRIGGER = """
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON workflows_workflowevent
    FOR EACH STATEMENT EXECUTE FUNCTION public.ticketflower_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0026_keep_days"),
        ("tenants", "0016_deleting_tickets"),
    ]

    operations = [
        migrations.RunSQL(TRIGGER, "DROP TRIGGER event_append_only ON workflows_workflowevent;")
    ]
