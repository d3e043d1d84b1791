"""What were the earlier mornings?

`rows` are the frozen records and what they tell; `judged` draws them from a morning, `recall` tells the past by them.
`reading` and `writing` keep them in the `tables` of a SQLite file, which `sqlite` opens or sets aside; `lines` carries
them to another.
"""
