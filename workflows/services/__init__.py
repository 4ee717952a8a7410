"""What changes definitions, people and their roles: one module for each subject."""
