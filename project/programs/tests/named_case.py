"""Every place of a call that may name something, walked with what is another company's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from project.programs.tests.test_api import EXAMPLES, said_of, whole_document
from project.programs.tests.two_companies_case import SECRET, TwoCompaniesCase, put, with_references
from tenants.api.listing import cursor_of
from tenants.api.operations import Declared
from tenants.api.tests.api_case import ROOT
from tenants.api.versions import etag_of
from tenants.mcp.tool import Tool
from tickets.conversation.ask_requester import ask_requester
from tickets.models import (
    DeliveryState,
    RecurringStart,
    SavedAnswers,
    TicketError,
    WebhookDelivery,
)
from tickets.working.complete_task import complete_task
from workflows.models import (
    DefinitionStatus,
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowInstance,
)

# What an answer may say of the time and of what it has just made.
_VARYING: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d+")
# Of what kind the texts are that a place of this name takes; one that is not here is given all.
TEXTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "after": ("cursor",),
    "before": ("message", "cursor"),
    "email": ("email",),
    "filename": ("email",),
    "ticket_type": ("type", "role"),
    "type": ("type", "role"),
    "upload": ("upload", "attached"),
    "If-Match": ("version", "etag"),
    "Idempotency-Key": ("upload",),
    **dict.fromkeys(
        ("reason", "text", "title", "why", "notes", "comment", "description", "name"),
        ("role", "ticket", "email"),
    ),
    **dict.fromkeys(("first_name", "last_name", "activities", "location", "season"), ("email",)),
    **dict.fromkeys(("holidays", "week", "time_zone", "prefix", "first", "last"), ("ticket",)),
}
# Whose own call is refused by the state of what it names, which is found for that.
REFUSED_BY_STATE: Final = {"correct_input"}
OF_DRAFTS: Final = ("save_draft", "delete_draft", "publish_workflow")

type Values = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a call names something: (“path”, “task_id”), (“body”, “answers”, “deputy”, “id”)."""

    path: tuple[str | int, ...]
    kind: str  # integer or string


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Place]:
    """Every number and text in what is sent."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    else:
        yield Place(path, "integer" if isinstance(value, int) else "string")


class NamedCase(TwoCompaniesCase):
    """What is asked, and how the answers are compared."""

    def ours_sent(self, operation: Declared) -> dict[str, Any]:
        """A call that fits, in its parts; every place that may name something is in it."""
        texts: Values = self.ours["texts"]
        rows: Values = {name: row.pk for name, row in self.ours["rows"].items()}
        known: Values = {
            **rows,
            "key": texts["type"] if "ticket-types" in operation.path else texts["attached"],
            "verb": "hold",
            "ticket": rows["ticket_id"],
            "webhook": rows["webhook_id"],
            "first": "2026-01-01",
            "last": "2026-12-31",
        }
        if operation.name == "compare_workflows":
            known = {**known, "since": rows["workflow_id"]}
        if operation.name == "take_over_task":
            known = {**known, "task_id": self.ours["offered"].pk}
        if operation.name in OF_DRAFTS:
            known = {
                **known,
                "workflow_id": self.ours["draft"].pk,
                "If-Match": etag_of(self.ours["draft"].updated_at),
            }
        if operation.name in ("hand_back_task", "ask_requester", "go_on_without_answer"):
            known = {**known, "task_id": self.ours["at_account"].pk}
        sent: dict[str, Any] = {"path": {}, "query": {}, "header": {}, "body": self.body(operation)}
        for each in said_of(operation)["parameters"]:
            name = each["name"]
            if name in known:
                sent[each["in"]][name] = known[name]
        return sent

    def prepare(self, operation: Declared) -> None:
        """Bring what a call names into the state in which it is not refused."""
        rows: Values = self.ours["rows"]
        task = TaskInstance.objects.filter(pk=rows["task_id"].pk)
        match operation.name:
            case "claim_task":
                task.update(assigned_to=None, status=TaskStatus.PENDING)
            case "go_on_without_answer":
                asking = self.ours["at_account"]
                ask_requester(
                    task=asking, user=self.terry, text="Why?", token="", now=timezone.now()
                )
            case "correct_output":
                done, output = TaskStatus.COMPLETED, {"approved": "approved"}
                task.update(status=done, output_data=output, completed_at=timezone.now())
                data = {rows["task_id"].definition.key: output}
                WorkflowInstance.objects.filter(ticket=rows["ticket_id"].pk).update(data=data)
            case "reopen_ticket" | "rate_ticket":
                TicketDefinition.objects.update(reopen_days=1, asks_rating=True)
                complete_task(task=task.get(), output={"approved": "approved"}, user=self.terry)
            case "retry_error":
                task.update(status=TaskStatus.ERROR)
                error = TicketError.objects.filter(pk=rows["error_id"].pk)
                error.update(task=rows["task_id"].pk)
                SavedAnswers.objects.filter(task=rows["task_id"].pk).update(sent_at=timezone.now())
            case "send_delivery_again":
                deliveries = WebhookDelivery.objects.filter(pk=rows["delivery_id"].pk)
                deliveries.update(state=DeliveryState.GIVEN_UP, body="{}")
            case "pause_recurring_start" | "resume_recurring_start":
                rule = {"key": "weekly", "rule": "FREQ=WEEKLY;BYDAY=MO", "at": "08:00"}
                TicketDefinition.objects.filter(key="vacation").update(starts=[rule])
                RecurringStart.objects.update(person=self.terry)
            case "bring_back":
                workflows = WorkflowDefinition.objects.filter(pk=rows["workflow_id"].pk)
                workflows.update(status=DefinitionStatus.RETIRED)
            case "delete_role":
                TaskDefinition.objects.update(candidate_role=None)

    def body(self, operation: Declared) -> Any:
        rows, texts = self.ours["rows"], self.ours["texts"]
        ticket, task = rows["ticket_id"].pk, rows["task_id"].pk
        other, role = self.ours["other"].pk, rows["role_id"].pk
        answers = {"location": "Spain", "season": "Summer", **self.references()}
        approved = {"approved": "approved", **self.references()}
        bodies: Values = {
            "submit_a_ticket": {
                "type": "vacation",
                "answers": answers,
                "title": "Days off",
                "saved": rows["saved_id"].pk,
            },
            "complete_task": {"answers": approved},
            "correct_output": {"output": approved, "reason": "A slip"},
            "complete_tasks": {"tasks": [task], "answers": {"approved": "approved"}},
            "save_task": {"answers": approved},
            "hand_on_task": {"to": self.walt.pk, "reason": "Holidays"},
            "reassign_task": {"to": self.walt.pk, "reason": "Holidays"},
            "add_message": {"text": "Hello", "files": [texts["upload"]]},
            "add_file_version": {"upload": texts["fresh"]},
            "move_tickets": {"tickets": [ticket], "reason": "Newer"},
            "change_tickets": {
                "tickets": [ticket],
                "what": "reassign",
                "to": self.walt.pk,
                "reason": "Away",
            },
            "retry_errors": {"errors": [rows["error_id"].pk], "reason": "Again"},
            "link_tickets": {"ticket": self.ours["third"].pk, "kind": "RELATES"},
            "close_as_duplicate": {"of": other, "reason": "The same"},
            "try_workflow": {"ticket_type": "vacation", "ticket": answers, "answers": []},
            "change_role": {"name": "Changed", "members": [self.walt.pk]},
            "create_role": {"name": "Made", "members": [self.walt.pk]},
            "change_offer": {"is_active": True, "company_roles": [role]},
            "change_access": {
                "is_active": True,
                "is_available": True,
                "system_roles": ["task_worker"],
                "company_roles": [role],
            },
        }
        found = bodies.get(operation.name, EXAMPLES[operation.name])
        if isinstance(found, dict) and "document" in found:
            return {"document": with_references("vacation", "Vacation Approver")}
        return found

    def references(self) -> dict[str, Any]:
        return {
            "deputy": {"id": self.walt.pk, "email": self.walt.email, "name": str(self.walt)},
            "proof": {"upload": self.ours["texts"]["upload"], "filename": "a.txt"},
        }

    def places(self, operation: Declared, sent: dict[str, Any]) -> Iterator[Place]:
        """Those in the call, and the parameters and numbers that it leaves out."""
        for part in ("path", "query", "header"):
            yield from leaves(sent[part], (part,))
        if len(sent["path"]) > 1:
            yield Place(("path",), "path")
        body = sent["body"]
        if isinstance(body, dict) and "document" in body:
            yield Place(("body", "document"), "document")
        else:
            yield from leaves(body, ("body",))
        for each in said_of(operation)["parameters"]:
            kind = _kind_of(each["schema"])
            if each["name"] not in {"limit", *sent[each["in"]]} and kind:
                yield Place((each["in"], each["name"]), kind)
        for name, schema in _properties_of(operation).items():
            if name not in body and _kind_of(schema) == "integer":
                yield Place(("body", name), "integer")
            elif not body.get(name) and _kind_of(schema.get("items", {})) == "integer":
                yield Place(("body", name), "integers")

    def pairs(self, place: Place, sent: Values) -> Iterator[tuple[Any, Any]]:
        """What is Globex's, and what is nobody's, of the same kind and form."""
        if place.kind == "document":
            theirs = with_references("vacation", f"{SECRET} people")
            yield theirs, with_references("vacation", "Nobodys1 people")
        elif place.kind == "path":
            values = sent["path"].items()
            theirs, nobodys = (
                {name: number if isinstance(each, int) else each for name, each in values}
                for number in (self.number, self.nobodys)
            )
            yield theirs, nobodys
        elif place.kind == "integers":
            yield [self.number], [self.nobodys]
        elif place.kind == "integer":
            yield self.number, self.nobodys
        else:
            texts = self.theirs["texts"]
            for kind in self.kinds(place):
                yield texts[kind], self.unknown_like(texts[kind])

    def kinds(self, place: Place) -> Iterable[str]:
        """Of the texts that a place may name something by."""
        names = [step for step in place.path if isinstance(step, str)]
        for name in reversed(names):
            if name in TEXTS_OF:
                return TEXTS_OF[name]
        return sorted(set(self.theirs["texts"]) - {"version", "etag", "fresh"})

    def unknown_like(self, text: str) -> str:
        """A text of the same form that names nothing: a number, a cursor, a name of another."""
        number = str(self.nobodys)
        if re.fullmatch(r"#?\d+", text):
            return re.sub(r"\d+", number, text)
        if re.fullmatch(r"\d+\.\d+", text):
            return f"{number}.{number}"
        if text == self.theirs["texts"]["cursor"]:
            return cursor_of(self.nobodys)
        if "@" in text:
            return text.replace("charlie", "charlot")
        # Not its first letter: what refuses a text may name that.
        return f"{text[:-2]}{'7' if text[-2] != '7' else '8'}{text[-1]}"

    def answered(self, operation: Declared, sent: dict[str, Any]) -> tuple[int, str]:
        """The answer of a call that leaves nothing behind, without what varies."""
        path = operation.path.lstrip("/").format(
            **{name: quote(str(each), safe="") for name, each in sent["path"].items()}
        )
        headers: dict[str, Any] = {name: str(each) for name, each in sent["header"].items()}
        with transaction.atomic():
            self.prepare(operation)
            answer = self.ask(
                self.raw_of_account if operation.name == "hand_back_task" else self.raw,
                operation.method,
                ROOT + path + (f"?{urlencode(sent['query'])}" if sent["query"] else ""),
                sent["body"],
                **headers,
            )
            transaction.set_rollback(True)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, content.decode("utf-8", "replace")

    def walk_operations(self, operations: Iterable[Declared]) -> int:
        """How many pairs of calls were compared."""
        walked = 0
        for operation in operations:
            sent = self.ours_sent(operation)
            with self.subTest(operation.name):
                # Or no place behind the first would be reached.
                status, said = self.answered(operation, sent)
                fits = 400 if operation.name in REFUSED_BY_STATE else 200
                self.assertIn(status, range(fits, fits + 100), f"{said[:500]} {sent}")
            for place in self.places(operation, sent):
                for theirs, nobodys in self.pairs(place, sent):
                    walked += 1
                    with self.subTest(operation.name, place=place.path, theirs=str(theirs)[:80]):
                        self.assert_alike(
                            *(
                                (*self.answered(operation, put(sent, place.path, value)), value)
                                for value in (theirs, nobodys)
                            )
                        )
        return walked

    def assert_alike(self, one: tuple[int, str, Any], other: tuple[int, str, Any]) -> None:
        """The same status and the same words, whatever was sent and comes back."""
        self.assertEqual(one[0], other[0], f"{one[1][:500]}\n{other[1][:500]}")
        self.assertLess(one[0], 500)
        self.assertEqual(plain(one[1], one[2]), plain(other[1], other[2]))
        for said, sent in (one[1:], other[1:]):
            left = said.replace(f"{SECRET} people", "") if SECRET in str(sent) else said
            self.assertNotIn(f"{SECRET} of globex_leave", left)
            self.assertNotIn("globex", left.replace(str(sent), "").replace(_key_of(sent), ""))

    def arguments(self, tool: Tool) -> dict[str, Any]:
        """A call that fits, with every argument that may name something."""
        known: Values = {
            "ticket": self.ours["texts"]["ticket"],
            "task": self.ours["rows"]["task_id"].pk,
            "error": self.ours["rows"]["error_id"].pk,
            "ticket_type": "vacation",
            "workflow": "vacation_flow",
            "document": with_references("vacation", "Vacation Approver"),
            "answers": {"approved": "approved", **self.references()},
            "text": "Hello",
            "reason": "It is there again.",
        }
        filled_in = {"location": "Spain", "season": "Summer", **self.references()}
        if tool.name == "submit_ticket":
            known = {**known, "answers": filled_in}
        if tool.name == "try_draft":
            known = {**known, "ticket": filled_in, "answers": []}
        if tool.name == "search_tickets":
            known = {**known, "text": ""}
        return {name: known[name] for name in tool.input_schema["properties"] if name in known}

    def places_of(self, tool: Tool, arguments: dict[str, Any]) -> Iterator[Place]:
        for name, schema in tool.input_schema["properties"].items():
            if name == "document":
                yield Place((name,), "document")
            elif name in arguments:
                yield from leaves(arguments[name], (name,))
            elif name != "idempotency_key" and (kind := _kind_of(schema)):
                yield Place((name,), kind)

    def called(self, tool: Tool, arguments: dict[str, Any]) -> tuple[int, str]:
        if tool.takes_key:
            arguments = {**arguments, "idempotency_key": uuid4().hex}
        message = {"name": tool.name, "arguments": arguments}
        with transaction.atomic():
            answer = self.assistant.post(
                {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": message}, {}
            )
            transaction.set_rollback(True)
        return answer.status_code, answer.content.decode()

    def walk_tools(self, tools: Iterable[Tool]) -> int:
        walked = 0
        for tool in tools:
            arguments = self.arguments(tool)
            for place in self.places_of(tool, arguments):
                for theirs, nobodys in self.pairs(place, arguments):
                    walked += 1
                    with self.subTest(tool.name, place=place.path, theirs=str(theirs)[:80]):
                        self.assert_alike(
                            *(
                                (*self.called(tool, put(arguments, place.path, value)), value)
                                for value in (theirs, nobodys)
                            )
                        )
        return walked


def _kind_of(schema: Values) -> str:
    """What may be put in place of it; empty: it can name nothing."""
    options = [schema, *schema.get("anyOf", [])]
    for each in options:
        if "enum" in each or each.get("format") == "date-time":
            return ""
        if each.get("type") in ("integer", "string"):
            return str(each["type"])
    return ""


def _properties_of(operation: Declared) -> dict[str, Any]:
    """Of a body that is sent as JSON, by the document."""
    content = said_of(operation).get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = whole_document()["components"]["schemas"].get(name, {})
    properties: dict[str, Any] = found.get("properties", {})
    return properties


def plain(said: str, sent: Any) -> str:
    """Without what was sent, where it is repeated, and without numbers."""
    texts = [f"{SECRET} people", "Nobodys1 people"] if isinstance(sent, dict) else [str(sent)]
    for text in (each.strip('"') for each in texts if not each.isdigit()):
        said = said.replace(text, "…").replace(_key_of(text), "…")
    return _VARYING.sub("0", said)


def _key_of(sent: Any) -> str:
    """The key that a name is given."""
    return re.sub(r"\W+", "_", str(sent).lower())
