from tenants.models.company import Company
from tenants.models.user import User

__all__ = ["Company", "User"]
