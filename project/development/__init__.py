"""What dev.py does once the virtual environment stands: run, test, check, stop and reset."""
