"""All kept mornings, judged again: what would have been said under another jobs.toml, or by today's rules?"""
