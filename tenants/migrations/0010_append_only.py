"""What refuses to change rows that are only ever added: a function for the triggers of companies.

Inside a function of the database that says so (it sets ticketflower.erasing to 'on' meanwhile)
it lets them go: what erases data that may be kept no longer.
"""

from __future__ import annotations

from django.db import migrations

FUNCTION = """
CREATE FUNCTION ticketflower_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('ticketflower.erasing', true), '') <> 'on' THEN
        RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_company_schema_version")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION ticketflower_append_only();")]
