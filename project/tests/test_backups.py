"""A backup is rehearsed: made, brought back beside, and compared row by row and file by file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from io import StringIO
from pathlib import Path
from unittest import mock
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings, tag

from project import backups
from tenants.connection import PUBLIC, company_of
from tenants.models import SpareSchema
from tenants.spare_schemas.keep import keep_spares
from tenants.testing import CompanyTransactionTestCase, child_environment
from tenants.testing_tools.databases import connect, database_beside
from tickets.files.keep_file import keep_file
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.signing.signing_secrets import active_secrets

TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
   AND format('%I.%I', schemaname, tablename)::regclass IN (
       SELECT oid FROM pg_class WHERE relpersistence = 'p') ORDER BY 1
"""
# Tables, indexes, sequences and views. Not what indexes say: the tools write casts differently.
SHAPE = """
SELECT n.nspname, c.relname, c.relkind::text, c.relpersistence::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2
"""
# Without those of tables that are not logged, whose rows are not kept either.
SEQUENCES = """
SELECT schemaname, sequencename, last_value FROM pg_sequences
 WHERE format('%I.%I', schemaname, sequencename)::regclass IN (
       SELECT oid FROM pg_class WHERE relpersistence = 'p') ORDER BY 1, 2
"""
FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prokind = 'f' ORDER BY 1
"""
BESIDE = "restored_beside"
KEYS = {"DJANGO_SECRET_KEY": "k" * 50, "FIELD_ENCRYPTION_KEYS": "e" * 40}


def url_of(name: str) -> str:
    entry = connection.settings_dict
    port = f":{entry['PORT']}" if entry["PORT"] else ""
    who = f"{quote(entry['USER'])}:{quote(entry['PASSWORD'])}"
    return f"postgres://{who}@{port}/{name}?{urlencode({'host': entry['HOST']})}"


def everything(name: str) -> dict[str, object]:
    """What a database holds: {table: (rows, digest)}, and its shape."""
    with connect(name) as database:
        tables = [row[0] for row in database.execute(TABLES.encode()).fetchall()]
        found: dict[str, object] = {}
        for table in tables:
            query = (
                "SELECT count(*), md5(string_agg(row::text, E'\\n' ORDER BY row::text))"
                f" FROM {table} AS row"
            )
            found[str(table)] = database.execute(query.encode()).fetchone()
        for title, query in (("shape", SHAPE), ("sequences", SEQUENCES), ("functions", FUNCTIONS)):
            found[title] = database.execute(query.encode()).fetchall()
    return found


def files_in(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@tag("processes")
class BackupTests(SmallWorkflow, CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="ticketflower-backup-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.media = self.folder / "media"
        self.enterContext(
            override_settings(
                MEDIA_ROOT=str(self.media),
                # Changed to what it is, so that the storage is made anew: it keeps its folder.
                STORAGES=settings.STORAGES,
                FIELD_ENCRYPTION_KEYS=["e" * 40],
            )
        )

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        everything = child_environment(**{**KEYS, "MEDIA_ROOT": str(self.media), **environment})
        everything.pop("BACKUP_DATABASE_URL", None)
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=everything,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def fill(self) -> None:
        self.make_workflow()
        tickets = [self.submit() for _each in range(3)]
        self.answer(tickets[0], {"big": False})
        keep_file(file=SimpleUploadedFile("plan.txt", b"a plan"), user=self.uma)

    def test_what_was_backed_up_comes_back_row_by_row_and_file_by_file(self) -> None:
        self.fill()
        with company_of(PUBLIC), override_settings(SPARE_SCHEMAS=1):
            keep_spares()
            self.assertEqual(SpareSchema.objects.count(), 1)
        backup, keys = self.folder / "backup", self.folder / "keys"
        made = self.manage("back_up", str(backup), "--keys", str(keys))
        with company_of(PUBLIC), override_settings(SPARE_SCHEMAS=0):
            keep_spares()  # it is not in the backup
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("2 companies", made.stdout)
        with database_beside(BESIDE) as name:
            elsewhere = self.folder / "elsewhere"
            there = {"DATABASE_URL": url_of(name), "MEDIA_ROOT": str(elsewhere)}
            restored = self.manage("restore", str(backup), **there)
            self.assertEqual(restored.returncode, 0, restored.stderr)
            before = everything(str(connection.settings_dict["NAME"]))
            after = everything(name)
            self.assertEqual(set(before), set(after))
            for what, was in before.items():
                self.assertEqual(was, after[what], what)
            self.assertIn("acme.tickets_ticket", before)
            self.assertEqual(files_in(self.media), files_in(elsewhere))
            self.assertEqual(len(files_in(elsewhere)), 1)
            doctor = self.manage("doctor", **there)
            self.assertEqual(doctor.returncode, 0, doctor.stdout)
        # Where there is something already nothing is written over.
        with (
            override_settings(SECRET_KEY=KEYS["DJANGO_SECRET_KEY"]),
            self.assertRaisesMessage(backups.BackupError, "is not empty"),
        ):
            backups.restore(backup)

    def test_the_keys_are_apart_and_asked_for(self) -> None:
        active_secrets(now=self.acme.created_at)
        backup, keys = self.folder / "backup", self.folder / "keys"
        self.enterContext(override_settings(SECRET_KEY=KEYS["DJANGO_SECRET_KEY"]))
        self.enterContext(mock.patch.dict(os.environ, {"BACKUP_DATABASE_URL": ""}))
        call_command("back_up", str(backup), "--keys", str(keys), stdout=StringIO())
        for path in backup.iterdir():
            content = path.read_bytes()
            for key in KEYS.values():
                self.assertNotIn(key.encode(), content, path.name)
        self.assertIn(f"FIELD_ENCRYPTION_KEYS={'e' * 40}", keys.read_text(encoding="utf-8"))
        if os.name == "posix":
            self.assertEqual(keys.stat().st_mode & 0o077, 0)
            self.assertEqual(backup.stat().st_mode & 0o077, 0)
        with (
            override_settings(FIELD_ENCRYPTION_KEYS=["x" * 40]),
            self.assertRaisesMessage(CommandError, "FIELD_ENCRYPTION_KEYS"),
        ):
            call_command("restore", str(backup))

    def test_a_damaged_backup_is_refused(self) -> None:
        backup = self.folder / "backup"
        backup.mkdir()
        for content in (None, "{", '{"format": 99, "sha256": {}}'):
            if content is not None:
                (backup / backups.MANIFEST).write_text(content, encoding="utf-8")
            with self.assertRaises(backups.BackupError):
                backups.restore(backup)
        digests = {backups.DATABASE: "0" * 64}
        manifest = {"format": backups.FORMAT, "sha256": digests, "companies": 1}
        (backup / backups.DATABASE).write_bytes(b"not that")
        (backup / backups.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        with self.assertRaisesMessage(backups.BackupError, "damaged"):
            backups.restore(backup)

    def test_a_folder_that_is_there_is_never_written_over(self) -> None:
        with self.assertRaisesMessage(backups.BackupError, "must be a new folder"):
            backups.back_up(self.folder)
