"""The answers of a form: whether they are right, and what is calculated of them. Plain Python."""
