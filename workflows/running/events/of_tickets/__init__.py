"""How a ticket came, what becomes of it as a whole, and its sub-tickets."""
