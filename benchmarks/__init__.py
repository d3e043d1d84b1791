"""How fast is a morning, as ratios measured in one run (`make bench`)?"""
