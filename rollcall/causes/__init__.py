"""Which one thing explains what was found, and what does a person do now?

Nothing is imported here: the ground floor (`errors`) needs the words of `vocabulary`, and `explain` needs the judge.
"""
