from tenants.models.access_token import AccessToken
from tenants.models.attempt_count import AttemptCount
from tenants.models.company import Company
from tenants.models.company_export import CompanyExport
from tenants.models.company_restore import CompanyRestore
from tenants.models.connected_program import ConnectedProgram
from tenants.models.figure import Figure
from tenants.models.identity_provider import IdentityProvider, LinkedAccount
from tenants.models.kept_answer import KeptAnswer
from tenants.models.log_in_session import LogInSession
from tenants.models.new_company_tables import NewCompanyTables
from tenants.models.passkey import Passkey
from tenants.models.request_count import RequestCount
from tenants.models.sign_up_invitation import SignUpInvitation
from tenants.models.spare_schema import SpareSchema
from tenants.models.user import User

__all__ = [
    "AccessToken",
    "AttemptCount",
    "Company",
    "CompanyExport",
    "CompanyRestore",
    "ConnectedProgram",
    "Figure",
    "IdentityProvider",
    "KeptAnswer",
    "LinkedAccount",
    "LogInSession",
    "NewCompanyTables",
    "Passkey",
    "RequestCount",
    "SignUpInvitation",
    "SpareSchema",
    "User",
]
