from tenants.models.company import Company
from tenants.models.request_count import RequestCount
from tenants.models.user import User

__all__ = ["Company", "RequestCount", "User"]
