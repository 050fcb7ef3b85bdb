"""What is read: who works where (staff), a department's messages (messages), its webhooks (endpoints)."""
