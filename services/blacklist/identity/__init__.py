"""Who acts: departments over time, people and their roles, sessions, API keys."""
