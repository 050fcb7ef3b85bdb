"""The system of record: filing, decision, publication and removal of listings."""
