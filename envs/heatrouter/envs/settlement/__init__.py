"""Who heated whom and what for: tariffs, and ledgers that anyone with the file can verify."""
