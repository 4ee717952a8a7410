"""What each type of step says and does, as values: forms, approvals, blocks, mails and more."""
