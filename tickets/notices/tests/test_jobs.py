"""Which companies have a job, and what it does, however often it runs."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import use_company, use_public
from tenants.mail.models import OutgoingMail
from tenants.testing import outside
from tickets.job_names import FORGET_NOTICES, MAIL_NOTICES, SEND_DIGESTS, TELL_OF_TASKS
from tickets.models import Notice
from tickets.notices import jobs
from tickets.notices.tests.test_notice_pages import NoticePagesCase
from workflows.models import TaskInstance


class JobTests(NoticePagesCase):
    def setUp(self) -> None:
        super().setUp()
        # It would close the connection that holds this test's transaction.
        for module in ("tickets.notices.jobs", "tenants.jobs"):
            self.enterContext(mock.patch(f"{module}.close_old_connections"))

    def deferred(self, name: str) -> list[str]:
        """The companies that have such a job."""
        with outside():
            found = ProcrastinateJob.objects.filter(task_name=name, status="todo")
            return sorted(each.args["schema"] for each in found)

    def look_everywhere(self) -> None:
        use_public()
        jobs.tell_of_tasks_everywhere(timestamp=0)
        jobs.mail_notices_everywhere(timestamp=0)
        jobs.send_digests_everywhere(timestamp=0)
        use_company(self.acme)

    def test_companies_without_anything_to_do_have_no_job(self) -> None:
        self.look_everywhere()
        for name in (TELL_OF_TASKS, MAIL_NOTICES, SEND_DIGESTS):
            self.assertEqual(self.deferred(name), [])

    def test_whoever_has_something_to_do_has_one(self) -> None:
        now = timezone.now()
        self.add(self.uma)
        Notice.objects.create(recipient=self.uma, kind="MENTION", mail="DIGEST")
        TaskInstance.objects.update(due_at=now, created_at=now - timedelta(days=3))
        self.look_everywhere()
        for name in (TELL_OF_TASKS, MAIL_NOTICES, SEND_DIGESTS):
            self.assertEqual(self.deferred(name), ["acme"])

    def test_every_company_forgets(self) -> None:
        use_public()
        jobs.forget_notices_everywhere(timestamp=0)
        use_company(self.acme)
        self.assertEqual(self.deferred(FORGET_NOTICES), ["acme", "globex"])

    def test_what_they_do_they_do_once(self) -> None:
        now = timezone.now()
        TaskInstance.objects.update(due_at=now, created_at=now - timedelta(days=3))
        for _time in range(2):
            use_public()
            jobs.tell_of_tasks("acme")
            jobs.mail_notices("acme")
            jobs.forget_notices("acme")
            use_company(self.acme)
        self.assertEqual(Notice.objects.filter(kind="OVERDUE").count(), 1)
        self.assertEqual(OutgoingMail.objects.filter(kind="OVERDUE").count(), 1)
