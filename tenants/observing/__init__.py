"""What is said of requests and jobs: their ids in log lines, and figures of them all."""
