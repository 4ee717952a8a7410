"""What tests of described processes share: somebody describes, and the worker does its jobs."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from django.urls import reverse

from tenants.testing import CompanyTestCase
from workflows.authoring.definitions.tests.test_definition_pages import bundle
from workflows.authoring.describing.describe import MOST_ROUNDS, continue_drafting
from workflows.models import DescribedProcess

PAGE = reverse("admin:workflows_workflowdefinition_describe")
TEXT = "Whoever needs something asks Mr Abel. He approves it, and then it is ordered in the shop."


def good(**workflow: object) -> dict[str, Any]:
    return bundle(**workflow)


def wrong() -> dict[str, Any]:
    """A form of it that the check refuses."""
    made = bundle()
    made["tasks"][0]["candidate_role"] = "Aprover"
    return made


def address(described: DescribedProcess) -> str:
    return reverse("admin:workflows_workflowdefinition_described", args=(described.pk,))


class DescribingCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(patch("workflows.authoring.describing.ask_model.logger"))
        self.log_in(self.carla)

    def describe(self, text: str = TEXT, **more: str) -> DescribedProcess:
        response = self.client.post(PAGE, {"text": text, **more})
        described = DescribedProcess.objects.latest("pk")
        self.assertRedirects(response, address(described), fetch_redirect_response=False)
        return described

    def work(self, described: DescribedProcess) -> DescribedProcess:
        """As the worker does, until there is nothing more to do."""
        for _round in range(MOST_ROUNDS + 1):
            described = DescribedProcess.objects.get(pk=described.pk)
            if not described.is_running:
                return described
            continue_drafting(described_id=described.pk, number=described.round)
        raise AssertionError("It goes on for ever.")

    def act(self, described: DescribedProcess, act: str, **more: str) -> Any:
        return self.client.post(address(described), {"act": act, **more})

    def page(self, described: DescribedProcess) -> str:
        text: str = self.client.get(address(described)).text
        return text
