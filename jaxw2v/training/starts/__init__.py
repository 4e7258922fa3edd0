"""What the tables start from, if they are not randomly initialised."""
