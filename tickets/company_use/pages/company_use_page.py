from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from tenants.companies.active_company import active_company
from tenants.companies.company_limits import uses_of
from tenants.models import User
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page


@register_page(User, "limits/", name="tenants_user_limits")
class CompanyUsePage(Page):
    """What the company has and does, and how much of it is possible. For its admins."""

    permissions = ("tenants.change_user",)
    title = gettext_lazy("Limits and use")
    template_name = "company_use/company_use.html"
    menu = MenuEntry(MenuSection.COMPANY, "speed", 90)

    def get(self, request: HttpRequest) -> HttpResponse:
        company = active_company(request)
        return self.show(uses=[] if company is None else uses_of(company))
