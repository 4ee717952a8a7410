"""What shows in time that a newer Django or another library needs a look."""

# Names the modules of packages that could not be installed, for the test runner: tests that
# import them are skipped.
LEFT_OUT = "TICKETFLOWER_LEFT_OUT"
