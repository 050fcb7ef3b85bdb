"""What changes openness. Each act of a second person is on what that person saw (`edition`)."""
