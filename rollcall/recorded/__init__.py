"""A morning that is kept, so that it can be judged again: offline, later, or under another jobs.toml."""
