"""How is a program run within limits, which database and which query can be asked, and where in an answer is a thing?

Nothing here knows what a scheduler is: whoever looks at outputs may ask the same way.
"""
