"""What several types of questions share, beside `workflows/fields/field.py`. Plain Python."""
