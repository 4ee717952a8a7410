"""What a program that somebody connects is shown as useful: what the door that it names has."""

from __future__ import annotations

from django.urls import reverse

from project.programs.mcp_server import SERVER
from tenants.api.operations import declared_operations
from tenants.connecting.tests.connecting_case import HERE, ConnectingCase
from tenants.models import User
from tenants.tokens.doors import Door
from tenants.tokens.scopes import FOR_ASSISTANTS, NEVER_FOR_ASSISTANTS, Scope
from tenants.tokens.uses import scopes_at, useful_scopes

AT = {Door.MCP: f"{HERE}/mcp", Door.API: f"{HERE}/api/v1"}


class UsesTests(ConnectingCase):
    def people(self) -> tuple[User, ...]:
        return (self.alice, self.wendy, self.terry, self.carla, self.uma, self.charlie)

    def test_at_mcp_they_are_those_of_its_tools(self) -> None:
        of_tools = {each.scope for each in SERVER.tools.values()}
        self.assertEqual(set(scopes_at(Door.MCP)), of_tools - NEVER_FOR_ASSISTANTS)
        for person in self.people():
            usable = {each.scope for each in SERVER.tools.values() if each.is_allowed(person)}
            self.assertEqual(useful_scopes(person, door=Door.MCP), usable)

    def test_at_the_api_they_are_those_of_its_operations(self) -> None:
        self.assertEqual(scopes_at(Door.API), FOR_ASSISTANTS)
        for person in self.people():
            usable = {
                each.scope for each in declared_operations() if person.has_perms(each.permissions)
            }
            self.assertEqual(useful_scopes(person, door=Door.API), usable)

    def test_the_page_goes_by_the_door(self) -> None:
        for person in (self.alice, self.terry, self.uma):
            self.log_in(person)
            for door, resource in AT.items():
                with self.subTest(person=person.email, door=door):
                    page = self.ask(scope=" ".join(Scope.values), resource=resource)
                    field = page.context["form"]["scopes"]
                    offered = [value for value, _label in field.field.choices]
                    self.assertEqual(offered, [each.value for each in scopes_at(door)])
                    useful = useful_scopes(person, door=door)
                    self.assertEqual(set(field.initial), useful & set(scopes_at(door)))

    def test_no_tool_reads_the_audit_log_so_nobody_is_asked_for_it_at_mcp(self) -> None:
        self.log_in(self.alice)
        wanted = f"{Scope.TICKETS_READ.value} {Scope.AUDIT_READ.value}"
        self.assertNotContains(self.ask(scope=wanted), Scope.AUDIT_READ.label)
        self.assertContains(self.ask(scope=wanted, resource=AT[Door.API]), Scope.AUDIT_READ.label)
        alone = self.ask(scope=Scope.AUDIT_READ.value)
        self.assertContains(alone, "Choose at least one thing", status_code=400)

    def test_each_door_says_so_to_programs(self) -> None:
        for door, address in ((Door.MCP, "mcp_metadata"), (Door.API, "api_metadata")):
            said = self.client.get(reverse(address)).json()["scopes_supported"]
            self.assertEqual(said, [each.value for each in scopes_at(door)])

    def test_what_it_renews_is_narrowed_at_its_door(self) -> None:
        given = self.connected()
        less = self.renew(given["refresh_token"], scope="tickets:read audit:read").json()
        self.assertEqual(less["scope"], "tickets:read")
