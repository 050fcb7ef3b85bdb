"""Reading openness: what the public sees, and what officers see of their own department's."""
