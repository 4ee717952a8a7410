"""Tasks that change earlier answers: of the ticket, and of tasks that were done before."""
