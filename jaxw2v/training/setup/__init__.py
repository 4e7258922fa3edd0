"""What a run does, decided before it starts: objective, sizes, schedule, optimizer, memory."""
