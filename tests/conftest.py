"""How thoroughly properties are tried: often enough to be fast in every run, with other examples in each.

A property that needs more says so itself.
"""

from hypothesis import settings

settings.register_profile("every-run", max_examples=40)
settings.load_profile("every-run")
