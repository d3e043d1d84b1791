"""How does a morning look?

Pure: a `Morning` goes in, text comes out. `page` draws it with the templates, the style and the script that lie here as
the files they are; `cards`, `tiles`, `lanes` and `changes` are what the templates are given. `summary` is the last
words on the terminal, `calendar`, `diagnosis` and `rehearsal` are what commands print. All speak through `headline`
(what it comes to, in one line) and `cause_groups` (each cause once).
"""
