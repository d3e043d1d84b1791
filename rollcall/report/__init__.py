"""How does a morning look?

Pure: a `Morning` goes in, text comes out. `board` is the page, `incomplete` what stands there until the result does,
`table` the columns beside pytest-html's own, `summary` the terminal's last words, `metrics`, `nagios` and `github` what
other programs read; all speak through `headline` (what it comes to, in one line) and `told` (each cause once).
"""
