from __future__ import annotations

from typing import Final

from django.db import connection

from tenants.fair_turns import Queue
from tenants.models import Company
from tickets.models import FileUpload

AT_ONCE: Final = 200

# By the pages that the server has noted of each table when it last looked after it, by itself,
# after some changes. Asking for sizes instead would open every table of every company, and a
# connection keeps what it knows of each. Long values stand in tables beside their own (TOAST).
_MEASURE = """
WITH sizes AS (
    SELECT relation.relnamespace AS namespace,
           sum(relation.relpages::bigint + coalesce(beside.relpages, 0))
               * current_setting('block_size')::bigint AS bytes
      FROM pg_catalog.pg_class AS relation
      LEFT JOIN pg_catalog.pg_class AS beside ON beside.oid = relation.reltoastrelid
     WHERE relation.relkind IN ('r', 'i')
     GROUP BY relation.relnamespace
), waiting AS (
    SELECT args->>'schema' AS schema, count(*) AS jobs
      FROM public.procrastinate_jobs
     WHERE status = 'todo' AND queue_name <> %s
       AND coalesce(scheduled_at, '-infinity'::timestamptz) <= now()
     GROUP BY args->>'schema'
), measured AS (
    SELECT company.id, coalesce(sizes.bytes, 0) AS bytes, coalesce(waiting.jobs, 0) AS jobs
      FROM public.tenants_company AS company
      LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = company.schema_name
      LEFT JOIN sizes ON sizes.namespace = namespace.oid
      LEFT JOIN waiting ON waiting.schema = company.schema_name
)
UPDATE public.tenants_company AS company
   SET database_bytes = measured.bytes, waiting_jobs = measured.jobs
  FROM measured
 WHERE measured.id = company.id
   AND (company.database_bytes, company.waiting_jobs) IS DISTINCT FROM
       (measured.bytes, measured.jobs)
"""
_COUNT_FILES = """
UPDATE public.tenants_company
   SET file_bytes = (SELECT coalesce(sum(size), 0) FROM tickets_fileupload)
                  + (SELECT coalesce(sum(picture_bytes), 0) FROM public.tenants_user
                      WHERE company_id = public.tenants_company.id)
 WHERE schema_name = current_schema()
"""


def measure_use() -> None:
    """Note what each company takes in the database, and how many of its jobs are due.

    Not those of webhooks: how fast they are sent is up to others, and no ticket waits for them.

    One statement for all companies; only rows that changed are written.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE, [Queue.WEBHOOKS])


def count_files() -> None:
    """Count the bytes of the active company's files anew; each upload and deletion counts, too.

    The sizes of files that an older version has kept are looked up in the storage, once.
    """
    company = Company.objects.current()
    last = 0
    while unknown := list(FileUpload.objects.filter(size=0, pk__gt=last).order_by("pk")[:AT_ONCE]):
        last = unknown[-1].pk
        for upload in unknown:
            _note_size(upload)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_FILES)
    company.refresh_from_db(fields=["file_bytes"])


def _note_size(upload: FileUpload) -> None:
    try:
        size = upload.file.size
    except OSError:  # it is lost; the doctor says so
        return
    FileUpload.objects.filter(pk=upload.pk).update(size=size)
