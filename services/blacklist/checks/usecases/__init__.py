"""Taking in, checking, giving out and forgetting batch checks; entering, signing and watching projects."""
