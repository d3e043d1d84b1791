"""The one flow: ask, judge, fix what was asked for, judge again, remember, tell."""
