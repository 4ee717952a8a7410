"""What the demo company lacks for pictures of every screen; Django is set up.

Nothing is made twice. Where no service makes what a screen is about (a job that is half done, a
link that ended a week ago), its row is written as the service would have left it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from tenants.account.inviting_companies import invite_company
from tenants.connection import company_of
from tenants.models import SignUpInvitation, User
from tickets.conversation.write_message import write_message
from tickets.demo import ROOT, SCHEMA
from tickets.file_versions.add_version import add_version
from tickets.files.access import with_what_decides
from tickets.files.keep_file import keep_file
from tickets.linking.link_tickets import link_tickets
from tickets.models import (
    BulkChange,
    CannedReply,
    FileUpload,
    LinkKind,
    ListOfViews,
    Score,
    Ticket,
    Visibility,
)
from tickets.rating.rating_link import rating_address
from tickets.saved_views.save_view import save_view
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.editing.create_workflow import edit_workflow
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import read_bundle_file
from workflows.models import (
    CompanyRole,
    Invitation,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
)

LINKED = 25  # tickets, to one
WITH_LAYOUTS = "expense_claim"  # a process of the gallery
OLD_PLAN = "Seats 12 and 14\nOut on Monday, back on Friday\nFirst class\n"
NEW_PLAN = "Seat 12\nOut on Monday, back on Thursday\nSecond class\nA bicycle goes with us\n"


def add_to_demo() -> dict[str, str]:
    """Add it; returns the addresses of pages that depend on it, by the names that MORE uses."""
    if not SignUpInvitation.objects.exists():
        root = User.objects.get(email=ROOT)
        invite_company(
            email="fay@harbour.example", by=root, now=timezone.now(), company_name="Harbour Estates"
        )
    with company_of(SCHEMA):
        people = {each.email.split("@")[0].split(".")[0]: each for each in User.objects.all()}
        demo = _Demo(people, timezone.now())
        if not CannedReply.objects.exists():
            demo.fill()
        return demo.addresses()


class _Demo:
    def __init__(self, people: dict[str, User], now: datetime) -> None:
        self.people, self.now = SimpleNamespace(**people), now
        self.hub = Ticket.objects.get(title="Train to the trade fair")

    def fill(self) -> None:
        self._link()
        self._talk()
        self._save_views()
        self._send_away()
        self._invite()
        self._take_layouts()
        self._begin_a_change()

    def addresses(self) -> dict[str, str]:
        tasks = TaskInstance.objects.filter(
            assigned_to=self.people.wendy, definition__key="approve_vacation", status="OPEN"
        )[:3]
        chosen = "&".join(f"task={each.pk}" for each in tasks)
        versions = WorkflowDefinition.objects.versions_of("invoice_receipt").order_by("version")
        claims = WorkflowDefinition.objects.versions_of(WITH_LAYOUTS).get()
        claim = claims.ticket_definitions.get()
        helped = Ticket.objects.filter(definition__key="it_help").order_by("pk")[0]
        rating = rating_address(helped.pk, self.people.uma, Score.GOOD)
        newest = FileUpload.objects.filter(filename="plan.txt").latest("version")
        of_workflow, of_file = "admin:workflows_workflowdefinition", "admin:tickets_fileupload"
        first, last = versions[0].pk, versions[1].pk
        return {
            "linked": reverse("admin:tickets_ticket_change", args=[self.hub.pk]),
            "complete_many": f"{reverse('admin:tickets_mytask_complete_many')}?{chosen}",
            "flow": reverse(f"{of_workflow}_flow", args=[first]),
            "edit": reverse(f"{of_workflow}_edit", args=[last]),
            "try": reverse(f"{of_workflow}_try", args=[first]),
            "tests": reverse(f"{of_workflow}_tests", args=[first]),
            "compare": reverse(f"{of_workflow}_compare", args=[last]),
            "with_layouts": reverse(f"{of_workflow}_change", args=[claims.pk]),
            "layout": f"{reverse('admin:tickets_myticket_add')}?definition={claim.pk}",
            "rate": urlsplit(rating).path,
            "file": reverse(f"{of_file}_file", args=[newest.uuid]),
            "compare_files": reverse(f"{of_file}_compare", args=[newest.uuid]),
            "bulk_change": reverse(
                "admin:tickets_bulkchange_change", args=[BulkChange.objects.latest("pk").pk]
            ),
        }

    def _link(self) -> None:
        vacation = TicketDefinition.objects.active().get(key="vacation")
        data = {"location": "Spain", "season": "Summer"}
        uma, terry = self.people.uma, self.people.terry
        for number in range(LINKED):
            title = f"Time off {number + 1}"
            other = submit_ticket(definition=vacation, data=dict(data), user=uma, title=title)
            link_tickets(
                ticket=self.hub, number=other.pk, kind=LinkKind.RELATES, user=terry, now=self.now
            )

    def _talk(self) -> None:
        """A conversation, a file with two versions, and replies to choose from."""
        uma, terry = self.people.uma, self.people.terry
        first = self._upload(OLD_PLAN, uma)
        text = "Only **one** of us went.\n\n* Seat 12\n* Seat 14"
        write_message(
            ticket=self.hub, user=uma, text=text, token=first.hex, now=self.now, files=[first]
        )
        newer = self._upload(NEW_PLAN, uma)
        of = with_what_decides(FileUpload.objects.all()).get(uuid=first)
        add_version(of=of, upload=newer, user=uma, now=self.now)
        for number, (text, seen_by) in enumerate(
            (
                ("Thank you. I ask them.", Visibility.PUBLIC),
                ("They took **too much** last year, too.", Visibility.INTERNAL),
            )
        ):
            write_message(
                ticket=self.hub,
                user=terry,
                text=text,
                visibility=seen_by,
                token=str(number),
                now=self.now,
            )
        CannedReply.objects.create(name="Thank you", text="Hello {{requester}}, thank you!")
        for_team = CannedReply.objects.create(
            name="We ask the supplier and come back to you within two working days",
            text="Hello {{requester}},\n\nwe **ask the supplier** about {{number}}.\n\n{{me}}",
        )
        for_team.roles.add(*CompanyRole.objects.all()[:2])

    def _upload(self, text: str, user: User) -> UUID:
        file = SimpleUploadedFile("plan.txt", text.encode(), "text/plain")
        return UUID(str(keep_file(file=file, user=user)["upload"]))

    def _save_views(self) -> None:
        for user, of, shared in (
            (self.people.terry, ListOfViews.ALL_TICKETS, True),
            (self.people.wendy, ListOfViews.MY_TASKS, False),
            (self.people.uma, ListOfViews.MY_TICKETS, False),
        ):
            save_view(of=of, name="Newest first", query="o=-1", user=user, is_shared=shared)

    def _send_away(self) -> None:
        """Mona is away, and Wendy stands in; Walt will be."""
        mona, walt, wendy = self.people.mona, self.people.walt, self.people.wendy
        User.objects.filter(pk=mona.pk).update(
            is_available=False, away_until=self.now + timedelta(days=4), deputy=wendy
        )
        User.objects.filter(pk=walt.pk).update(
            away_from=self.now + timedelta(days=9), away_until=self.now + timedelta(days=12)
        )

    def _invite(self) -> None:
        for name, days in (("Nina", 3), ("Noah", -2)):
            Invitation.objects.create(
                email=f"{name.lower()}@example.com",
                first_name=name,
                last_name="New",
                system_roles=["user"],
                digest=name,
                by_mail=True,
                invited_by=self.people.admin,
                sent_at=self.now - timedelta(days=4),
                expires_at=self.now + timedelta(days=days),
            )

    def _take_layouts(self) -> None:
        """A process whose forms have layouts, and a draft beside one that is published."""
        carla = self.people.carla
        document = read_bundle_file(
            settings.BASE_DIR / "fixtures" / "gallery" / f"{WITH_LAYOUTS}.json"
        )
        workflow = import_bundle(document=document, user=carla)
        publish_workflow(workflow=workflow, user=carla)
        for role in CompanyRole.objects.filter(members=None):
            role.members.add(self.people.tina)
        for claim in workflow.ticket_definitions.all():
            claim.roles_with_access.clear()
        published = WorkflowDefinition.objects.versions_of("invoice_receipt").get()
        draft = edit_workflow(workflow=published, user=carla)
        WorkflowDefinition.objects.filter(pk=draft.pk).update(title="Invoices that came in")

    def _begin_a_change(self) -> None:
        tickets = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
        refused = [{"ticket": tickets[0], "message": "This workflow has ended."}]
        BulkChange.objects.create(
            verb="hold",
            ticket_ids=tickets,
            total=len(tickets),
            done=len(tickets) // 2,
            refused=refused,
            reason="The supplier does not answer before Monday.",
            created_by=self.people.terry,
        )
