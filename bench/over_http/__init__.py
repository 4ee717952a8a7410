"""A real web server on the benchmark's database, and the browser that asks it."""
