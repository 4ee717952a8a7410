"""JSON Schemas that customers write: whether they may stand, what they cost, and what fits them."""
