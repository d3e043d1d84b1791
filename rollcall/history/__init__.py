"""What were the earlier mornings?

`judged` draws rows from a morning, `writing` keeps them in a file and `reading` finds them again; `past` tells which
past runs left their work, by files and by rows. `lines` carries a history elsewhere. All of the SQL stands in `tables`,
what a record holds in `rows`, and `sqlite` opens a file, or sets it aside.
"""
