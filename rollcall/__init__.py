"""Did every scheduled job really do its work, and if not, why, and what now?"""
