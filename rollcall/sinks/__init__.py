"""Who is told of a morning, and what is left of it? One sink a file."""
