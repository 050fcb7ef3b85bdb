"""What openness takes in and answers with."""
