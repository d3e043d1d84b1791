"""What were the earlier mornings?

`rows` are the frozen records and what they tell; `store` keeps them in SQLite.
"""
