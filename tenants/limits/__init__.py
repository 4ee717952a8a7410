"""How often something may be asked for, and how much may be sent."""
