"""What a run saves, who reads it, and how it goes on."""
