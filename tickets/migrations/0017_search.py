from __future__ import annotations

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# Where the extension is: see tenants/migrations/0024_parts_of_words.py. It may have been made in
# another schema than `public` before.
PARTS_OF_WORDS = """
DO $$
DECLARE
    place text := (SELECT n.nspname FROM pg_extension e
                     JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
    IF place IS NOT NULL THEN
        EXECUTE format('CREATE INDEX IF NOT EXISTS search_entry_parts'
                       ' ON tickets_searchentry USING gin (plain %I.gin_trgm_ops)', place);
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0024_parts_of_words"),
        ("tickets", "0016_work_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=150, verbose_name="source")),
                (
                    "found_by",
                    models.CharField(
                        choices=[
                            ("REQUESTER", "the requester, too"),
                            ("TEAM", "the team only"),
                        ],
                        max_length=20,
                        verbose_name="who finds it",
                    ),
                ),
                ("text", models.TextField(verbose_name="text")),
                ("places", models.JSONField(default=list, verbose_name="places")),
                ("plain", models.TextField(verbose_name="plain text")),
                (
                    "words",
                    django.contrib.postgres.search.SearchVectorField(verbose_name="words"),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "search entry",
                "verbose_name_plural": "search entries",
                "default_permissions": (),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], name="search_entry_words"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("found_by__in", ["REQUESTER", "TEAM"])),
                        name="search_entry_found_by_known",
                    ),
                    models.UniqueConstraint(fields=("ticket", "source"), name="search_entry_once"),
                ],
            },
        ),
        migrations.RunSQL([PARTS_OF_WORDS], migrations.RunSQL.noop),
    ]
