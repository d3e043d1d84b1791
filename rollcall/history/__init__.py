"""What were the earlier mornings?

`rows` are the frozen records and what they tell; `judged` draws them from a morning, `recall` tells the past by them.
`store` keeps them in SQLite, in a file that `sqlite` opens, or sets aside; `lines` carries them to another.
"""
