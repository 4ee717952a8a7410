"""Running a definition without tickets: one try, made-up answers, and its test cases."""
