"""Which names can an output have, and what does a name tell?"""
