"""How is one kind of witness asked?

One small file a kind. Each has a `look(…)` that returns a record of `rollcall.evidence`, or raises `CannotLook`.
A source reads the world and never judges it.
"""
