"""What a visitor answered, and what that allows."""
