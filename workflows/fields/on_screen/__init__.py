"""What people see of questions: inputs, answers, and what the editor offers for each type."""
