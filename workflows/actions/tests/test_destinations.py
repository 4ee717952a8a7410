from __future__ import annotations

from ipaddress import ip_address

from django.core.checks import Error
from django.test import SimpleTestCase, override_settings

from tenants.testing_tools.waits import PATIENCE
from workflows.actions import ActionError, CallRequest, check_url, make_call
from workflows.actions.addresses import is_public
from workflows.actions.tests.remote_system import NAME, RemoteSystem, answering
from workflows.actions.tests.resolver import Resolver
from workflows.checks import check_action_destinations

NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.5 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1
    198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1
    ::2 ::127.0.0.1 ::10.0.0.5 ::ffff:127.0.0.1 ::ffff:10.0.0.5 ::ffff:169.254.169.254
    ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.5 64:ff9b:1::1 100::1 2001::1
    2001:db8::1 2002:7f00:1:: 2002:a00:5:: 2002:c0a8:101::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254
    fe80::1 fec0::1 ff02::1 ff0e::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 223.255.255.254
    2606:4700:4700::1111 2a00:1450:4001:80b::200e ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
"""

# As typed, and what the message says of it.
WRONG_FORMS = [
    ("", "must begin with http"),
    ("accounting.example/invoices", "must begin with http"),
    ("//accounting.example/", "must begin with http"),
    ("http://", "must begin with http"),
    ("http:///invoices", "must begin with http"),
    ("http:accounting.example", "must begin with http"),
    ("ftp://accounting.example/", "must begin with http"),
    ("file:///etc/passwd", "must begin with http"),
    ("gopher://accounting.example:70/_", "must begin with http"),
    ("javascript:alert(1)", "must begin with http"),
    ("unix:///var/run/docker.sock", "must begin with http"),
    ("http+unix://%2Fvar%2Frun%2Fdocker.sock/", "must begin with http"),
    ("http://user:password@accounting.example/", "user name or password"),
    ("http://user@accounting.example/", "user name or password"),
    ("http://:@accounting.example/", "user name or password"),
    ("http://accounting.example\\@10.0.0.5/", "user name or password"),
    ("http://accounting.example:25/", "Port 25 may not be called"),
    ("http://accounting.example:22/", "Port 22 may not be called"),
    ("http://accounting.example:0/", "Port 0 may not be called"),
    ("http://accounting.example:65536/", "Port 65536 may not be called"),
    ("http://accounting.example:-1/", "Port -1 may not be called"),
    ("http://accounting.example:x/", "not a web address"),
    ("http://accounting.example\r\nX-Admin: yes/", "not a web address"),
    ("http://accounting.example/\r\nX-Admin: yes", "not a web address"),
    ("http://accounting.example/\x00", "not a web address"),
    ("http://[::1", "not a web address"),
    ("http://[fe80::1%25eth0]/", "host name"),
    ("http://①②⑦.⓪.⓪.①/", "not a web address"),
    ("http://accounting example/", "host name"),
    ("http://accounting%2eexample/", "host name"),
    ("http://.accounting.example/", "host name"),
    ("http://accounting..example/", "host name"),
    ("http://" + "a" * 64 + ".example/", "host name"),
    ("http://" + "a.example." * 40, "host name"),
    ("http://accounting.example/" + "a" * 100_000, "not a web address"),
]
# Other ways to write 127.0.0.1, 10.0.0.5 and ::1; some systems read them, others do not.
SPELLINGS = """
    127.0.0.1 localhost 127.1 0x7f.1 0x7f000001 2130706433 017700000001 0177.0.0.1 0 0.0.0.0
    127.0.0.1. 10.0.0.5 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:0:0:1]
    [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1] LOCALHOST 169.254.169.254
"""


def call(url: str) -> int:
    return make_call(
        CallRequest(url=url, body={}, timeout_seconds=PATIENCE, idempotency_key="1")
    ).status


class UrlTests(SimpleTestCase):
    def test_it_refuses_what_is_not_a_plain_web_address(self) -> None:
        for url, reason in WRONG_FORMS:
            with self.subTest(url=url[:80]), self.assertRaisesMessage(ActionError, reason):
                check_url(url)

    def test_it_accepts_plain_web_addresses(self) -> None:
        for url in (
            "http://accounting.example",
            "HTTPS://Accounting.Example:8443/a/b?c=d#e",
            "https://münchen.example/",
            "http://93.184.216.34:80/",
            "http://[2606:4700:4700::1111]:8080/",
            "http://accounting/",
        ):
            with self.subTest(url=url):
                check_url(url)


class AddressTests(SimpleTestCase):
    def test_which_addresses_are_public(self) -> None:
        for text in NOT_PUBLIC.split():
            with self.subTest(address=text):
                self.assertFalse(is_public(ip_address(text)))
        for text in PUBLIC.split():
            with self.subTest(address=text):
                self.assertTrue(is_public(ip_address(text)))


class DestinationTests(SimpleTestCase):
    """Where calls end up, tried with a server that would answer on 127.0.0.1."""

    def setUp(self) -> None:
        self.system = self.enterContext(RemoteSystem(answering()))
        self.url = f"http://{NAME}:{self.system.port}/"

    def assert_refused(self, url: str, *reasons: str) -> None:
        with self.assertRaises(ActionError) as caught:
            call(url)
        for reason in reasons:
            self.assertIn(reason, str(caught.exception))
        self.assertEqual(self.system.received, [])

    def test_no_spelling_of_a_private_address_is_called(self) -> None:
        for host in SPELLINGS.split():
            with self.subTest(host=host):
                self.assert_refused(f"http://{host}:{self.system.port}/")

    def test_the_message_names_the_address(self) -> None:
        with Resolver(["10.0.0.5"]).installed():
            self.assert_refused(
                self.url,
                f"The address {NAME} points into a private network (10.0.0.5), "
                "which TicketFlower may not call. Whoever runs this installation can allow it.",
            )

    def test_one_private_address_among_public_ones_is_enough(self) -> None:
        with Resolver(["93.184.216.34", "2606:4700:4700::1111", "127.0.0.1"]).installed():
            self.assert_refused(self.url, "(127.0.0.1)")

    @override_settings(ACTION_ALLOWED_NETWORKS=["127.0.0.0/8"])
    def test_a_name_is_looked_up_once_so_changing_its_address_changes_nothing(self) -> None:
        resolver = Resolver(["127.0.0.1"], ["169.254.169.254"])
        with resolver.installed():
            self.assertEqual(call(self.url), 200)
            self.assertEqual(resolver.asked, [NAME])
            self.assertEqual(len(self.system.received), 1)
            with self.assertRaisesMessage(ActionError, "(169.254.169.254)"):
                call(self.url)
        self.assertEqual(resolver.asked, [NAME, NAME])

    def test_the_first_answer_is_the_one_that_is_checked(self) -> None:
        resolver = Resolver(["169.254.169.254"], ["127.0.0.1"])
        with resolver.installed(), override_settings(ACTION_ALLOWED_NETWORKS=["127.0.0.1"]):
            self.assert_refused(self.url, "(169.254.169.254)")
        self.assertEqual(resolver.asked, [NAME])


class SettingTests(SimpleTestCase):
    """ACTION_CONNECT_TO and ACTION_ALLOWED_NETWORKS."""

    def setUp(self) -> None:
        self.system = self.enterContext(RemoteSystem(answering()))
        self.url = f"http://{NAME}:{self.system.port}/"

    def test_connect_to_leads_a_call_elsewhere(self) -> None:
        for asked, url in (
            (f"{NAME}:80", f"http://{NAME}/"),
            (f"{NAME.upper()}:8080", f"http://{NAME}:8080/"),
            ("[::1]:9000", "http://[::1]:9000/"),
        ):
            with (
                self.subTest(asked=asked),
                override_settings(ACTION_CONNECT_TO=[f"{asked}=127.0.0.1:{self.system.port}"]),
            ):
                self.assertEqual(call(url), 200)
        hosts = [each.header("Host")[0] for each in self.system.received]
        self.assertEqual(hosts, [NAME, f"{NAME}:8080", "[::1]:9000"])

    def test_connect_to_is_for_that_host_and_port_only(self) -> None:
        with (
            override_settings(ACTION_CONNECT_TO=[f"{NAME}:80=127.0.0.1:{self.system.port}"]),
            Resolver(["127.0.0.1"]).installed(),
        ):
            for url in (self.url, f"https://{NAME}/", f"http://sub.{NAME}/"):
                with self.subTest(url=url), self.assertRaises(ActionError):
                    call(url)

    def test_allowed_networks_and_names_may_be_called(self) -> None:
        for entry in ("127.0.0.0/8", "127.0.0.1", NAME, NAME.upper()):
            with (
                self.subTest(entry=entry),
                override_settings(ACTION_ALLOWED_NETWORKS=[entry]),
                Resolver(["127.0.0.1"]).installed(),
            ):
                self.assertEqual(call(self.url), 200)

    def test_others_may_not(self) -> None:
        for entry in ("10.0.0.0/8", "::1", "example", f"sub.{NAME}"):
            with (
                self.subTest(entry=entry),
                override_settings(ACTION_ALLOWED_NETWORKS=[entry]),
                Resolver(["127.0.0.1"]).installed(),
                self.assertRaises(ActionError),
            ):
                call(self.url)


class CheckTests(SimpleTestCase):
    """Mistakes in these settings are found at the start."""

    def ids(self) -> list[str | None]:
        found = check_action_destinations()
        self.assertTrue(all(isinstance(each, Error) and each.hint for each in found))
        return [each.id for each in found]

    def test_it_finds_a_wrong_mapping(self) -> None:
        for entry in (
            "accounting.example",
            "accounting.example=127.0.0.1",
            "accounting.example:80=127.0.0.1",
            "accounting.example:80=127.0.0.1:0",
            "accounting.example:80=127.0.0.1:65536",
            "accounting.example:80=::1:8000",
            "http://accounting.example:80=127.0.0.1:8000",
            "a b:80=127.0.0.1:8000",
            "=",
            "",
        ):
            with self.subTest(entry=entry), override_settings(ACTION_CONNECT_TO=[entry]):
                self.assertEqual(self.ids(), ["workflows.E001"])

    def test_it_finds_a_wrong_network(self) -> None:
        for entry in ("10.0.0.1/8", "10.0.0.0/33", "10.0.0", "intranet:80", "a b", "*.example", ""):
            with self.subTest(entry=entry), override_settings(ACTION_ALLOWED_NETWORKS=[entry]):
                self.assertEqual(self.ids(), ["workflows.E002"])

    @override_settings(
        ACTION_CONNECT_TO=["accounting.example:80=127.0.0.1:8000", "[::1]:80=[::1]:8000"],
        ACTION_ALLOWED_NETWORKS=["10.1.0.0/16", "fd00::/8", "192.168.1.7", "erp.intranet"],
    )
    def test_it_accepts_right_ones(self) -> None:
        self.assertEqual(self.ids(), [])
