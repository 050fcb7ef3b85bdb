"""Finds or starts what the tests need for real: a Kafka broker and a PostgreSQL server."""
