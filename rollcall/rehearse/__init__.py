"""What would be found, had tonight gone wrong? Faults planted on a copy of a good morning, and judged."""
