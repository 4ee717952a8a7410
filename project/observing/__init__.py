"""What whoever runs the installation sees of it: the log, figures, and reports of errors."""
