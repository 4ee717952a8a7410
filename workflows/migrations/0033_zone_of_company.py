from __future__ import annotations

from django.db import migrations

# A company that has saved its working hours has said in them in which zone it is.
COPY = """
UPDATE public.tenants_company AS company SET time_zone = calendar.time_zone
  FROM workflows_businesscalendar AS calendar
 WHERE company.schema_name = current_schema() AND company.time_zone = ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0022_language_and_zone"),
        ("workflows", "0032_after_the_end"),
    ]

    operations = [migrations.RunSQL(COPY, migrations.RunSQL.noop)]
