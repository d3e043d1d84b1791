"""How is a command run so that its start, its end and its last words are on record, and else as if nobody were there?

Every job that is wrapped waits for what is imported here: the quick parts of the standard library, and nothing more.
"""
