"""How satisfied those who submitted tickets are with what came of them."""
