"""What did a run leave, and what is in it?"""
