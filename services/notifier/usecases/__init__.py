"""What can be done: keep the staff copy, announce, send, read and acknowledge, manage webhooks."""
