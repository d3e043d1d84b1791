"""What does jobs.toml declare, or what are all its mistakes?

One declaration a field: the checked model is the record that is asked and judged.
"""
