"""How dates and times are written: one way in each language, which nobody can misread.

Names of months in English (3/4 is April or March), days first in German; 24 hours in both. Django
reads these modules (FORMAT_MODULE_PATH).
"""
