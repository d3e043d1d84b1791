"""How is a look put on a clock? One file a kind of clock; `clock` is what they share.

`moment` says when to look, `plan` what is run then, and `fill` writes it into the files of `templates/`.
"""
