"""How is one kind of scheduler asked?

One file a kind: a preset of words (`aime.toml`, data) over one of the three transports (`json`, `sql`, `command`), or a
class of its own. Others ship theirs under the entry-point group `rollcall.schedulers`.
"""
