"""What is found wrong in a document, a subject in each module. `check.py` asks them all."""
