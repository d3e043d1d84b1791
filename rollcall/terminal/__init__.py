"""How does it look in a terminal: plain lines, as wide as it is, coloured where that is wanted?"""
