"""Which job is next: companies take turns, and each kind of work has slots of its own.

What the function does is said in tenants/fair_turns.py. It stands beside the library's own
(procrastinate_fetch_job_v2), which it leaves as it is.
"""

from __future__ import annotations

from django.db import migrations

# Those that are due, oldest first; and for each queue and company the first of them.
INDEXES = """
CREATE INDEX ticketflower_jobs_due ON procrastinate_jobs
    (coalesce(scheduled_at, '-infinity'::timestamptz), id) WHERE status = 'todo';
CREATE INDEX ticketflower_jobs_due_of_company ON procrastinate_jobs
    (queue_name, coalesce(args->>'schema', ''),
     coalesce(scheduled_at, '-infinity'::timestamptz), id) WHERE status = 'todo';
"""
DROP_INDEXES = """
DROP INDEX ticketflower_jobs_due_of_company;
DROP INDEX ticketflower_jobs_due;
"""
# Up to so many due jobs are all looked at; of more only the first of each queue and company.
FUNCTION = """
CREATE FUNCTION ticketflower_fetch_job(
    p_queues varchar[], p_worker_id bigint,
    p_kinds varchar[], p_slots integer[], p_shares integer[], p_window integer DEFAULT 200
) RETURNS procrastinate_jobs LANGUAGE plpgsql AS $$
DECLARE
    candidate_id bigint;
    taken procrastinate_jobs;
    is_flood boolean;
BEGIN
    SELECT count(*) >= p_window INTO is_flood FROM (
        SELECT 1 FROM procrastinate_jobs
         WHERE status = 'todo'
           AND coalesce(scheduled_at, '-infinity'::timestamptz) <= now()
         LIMIT p_window
    ) AS due;

    FOR candidate_id IN
        WITH RECURSIVE kinds AS (
            SELECT kind, slots, share, place
              FROM unnest(p_kinds, p_slots, p_shares) WITH ORDINALITY
                   AS each (kind, slots, share, place)
        ), running AS (
            SELECT CASE WHEN queue_name = ANY (p_kinds) THEN queue_name ELSE p_kinds[1] END AS kind,
                   coalesce(args->>'schema', '') AS company, count(*) AS number
              FROM procrastinate_jobs
             WHERE worker_id = p_worker_id AND status = 'doing'
             GROUP BY 1, 2
        ), pairs AS (
            (SELECT queue_name, coalesce(args->>'schema', '') AS company
               FROM procrastinate_jobs WHERE is_flood AND status = 'todo'
              ORDER BY 1, 2 LIMIT 1)
            UNION ALL
            SELECT following.queue_name, following.company
              FROM pairs, LATERAL (
                SELECT queue_name, coalesce(args->>'schema', '') AS company
                  FROM procrastinate_jobs
                 WHERE status = 'todo'
                   AND (queue_name, coalesce(args->>'schema', ''))
                       > (pairs.queue_name, pairs.company)
                 ORDER BY 1, 2 LIMIT 1
              ) AS following
        ), due AS (
            (SELECT id, queue_name, args, scheduled_at, priority FROM procrastinate_jobs
              WHERE status = 'todo' AND priority > 0
                AND (scheduled_at IS NULL OR scheduled_at <= now())
              ORDER BY priority DESC, id LIMIT p_window)
            UNION
            (SELECT id, queue_name, args, scheduled_at, priority FROM procrastinate_jobs
              WHERE NOT is_flood AND status = 'todo'
                AND coalesce(scheduled_at, '-infinity'::timestamptz) <= now()
              ORDER BY coalesce(scheduled_at, '-infinity'::timestamptz), id LIMIT p_window)
            UNION
            SELECT first.id, first.queue_name, first.args, first.scheduled_at, first.priority
              FROM pairs, LATERAL (
                SELECT id, queue_name, args, scheduled_at, priority
                  FROM procrastinate_jobs
                 WHERE status = 'todo' AND queue_name = pairs.queue_name
                   AND coalesce(args->>'schema', '') = pairs.company
                   AND coalesce(scheduled_at, '-infinity'::timestamptz) <= now()
                 ORDER BY coalesce(scheduled_at, '-infinity'::timestamptz), id LIMIT 5
              ) AS first
        ), known AS (
            SELECT due.*, coalesce(due.args->>'schema', '') AS company,
                   CASE WHEN queue_name = ANY (p_kinds) THEN queue_name ELSE p_kinds[1] END AS kind
              FROM due
             WHERE p_queues IS NULL OR queue_name = ANY (p_queues)
        ), chances AS MATERIALIZED (
            SELECT company, random() AS chance FROM (SELECT DISTINCT company FROM known) AS each
        )
        SELECT known.id
          FROM known
          JOIN kinds USING (kind)
          JOIN chances USING (company)
          LEFT JOIN running USING (kind, company)
         WHERE coalesce(running.number, 0) < CASE WHEN company = '' THEN slots ELSE share END
           AND (SELECT coalesce(sum(number), 0) FROM running AS all_of_kind
                 WHERE all_of_kind.kind = known.kind) < slots
         ORDER BY known.priority DESC, kinds.place, coalesce(running.number, 0), chance,
                  coalesce(scheduled_at, '-infinity'::timestamptz), known.id
    LOOP
        UPDATE procrastinate_jobs SET status = 'doing', worker_id = p_worker_id
         WHERE id = (
            SELECT id FROM procrastinate_jobs AS job
             WHERE id = candidate_id AND status = 'todo'
               AND (lock IS NULL OR NOT EXISTS (
                    SELECT 1 FROM procrastinate_jobs AS other
                     WHERE other.lock = job.lock AND other.id <> job.id
                       AND (other.status = 'doing' OR (other.status = 'todo' AND (
                            other.priority > job.priority
                            OR (other.priority = job.priority AND other.id < job.id))))))
               FOR UPDATE SKIP LOCKED
         )
        RETURNING * INTO taken;
        IF FOUND THEN
            RETURN taken;
        END IF;
    END LOOP;
    RETURN taken;
END;
$$;
"""
DROP_FUNCTION = """
DROP FUNCTION ticketflower_fetch_job(varchar[], bigint, varchar[], integer[], integer[], integer);
"""
# Jobs that wait already: each goes to the queue of its kind.
MOVE = """
UPDATE procrastinate_jobs
   SET queue_name = CASE task_name
       WHEN 'project.jobs.requeue_stalled' THEN 'upkeep'
       WHEN 'tickets.jobs.forget_old_counts' THEN 'upkeep'
       WHEN 'tickets.jobs.clean_up_everywhere' THEN 'upkeep'
       WHEN 'tickets.jobs.run_action' THEN 'calls'
       WHEN 'tickets.jobs.retry_many' THEN 'bulk'
       WHEN 'tickets.jobs.clean_up_uploads' THEN 'bulk'
       WHEN 'tickets.jobs.run_import' THEN 'bulk'
       WHEN 'tickets.jobs.forget_import' THEN 'bulk'
       ELSE 'steps' END
 WHERE status IN ('todo', 'doing') AND queue_name = 'default';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_longer_names"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.RunSQL(INDEXES, DROP_INDEXES),
        migrations.RunSQL(FUNCTION, DROP_FUNCTION),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
    ]
