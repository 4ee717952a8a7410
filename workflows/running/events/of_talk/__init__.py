"""Questions, messages and files of whoever is part of a ticket."""
