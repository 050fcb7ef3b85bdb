"""What a case is and may become, without database or web: table, guards, content, figures."""
