"""How is Roll call put on a clock? One kind of clock a file, and what they share.

`moment` says when to look, `plan` what is run there, `files` how a unit is written and taken away again.
"""
