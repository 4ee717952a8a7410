"""Whether a job waits already that does what another one would: of a line of webhooks.

It looks from `public`, where the index counts: inside a company a condition that might leak is
asked after the wall's, and all jobs of the company would be read. What it says is only whether.

The job that it finds is locked until the transaction ends, so that no worker fetches it before
what it is to see is committed. One that a worker is fetching is passed over, and not waited for.
"""

from __future__ import annotations

from django.db import migrations

INDEX = """
CREATE INDEX ticketflower_jobs_of_line ON procrastinate_jobs (args)
 WHERE status = 'todo' AND queue_name = 'webhooks';
"""
# A job that was tried before waits for a limit, or for the database: so would a new one.
FUNCTION = """
CREATE FUNCTION public.ticketflower_line_waits(
    p_task text, p_args jsonb, p_until timestamptz
) RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = public AS $$
BEGIN
    PERFORM FROM public.procrastinate_jobs
      WHERE status = 'todo' AND queue_name = 'webhooks' AND args = p_args AND task_name = p_task
        AND (scheduled_at IS NULL OR attempts > 0
             OR scheduled_at <= greatest(clock_timestamp(), p_until))
      LIMIT 1 FOR KEY SHARE SKIP LOCKED;
    RETURN FOUND;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0037_connected_programs"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX ticketflower_jobs_of_line;"),
        migrations.RunSQL(
            FUNCTION,
            "DROP FUNCTION public.ticketflower_line_waits(text, jsonb, timestamptz);",
        ),
    ]
