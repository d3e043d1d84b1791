"""What did a run leave?"""
