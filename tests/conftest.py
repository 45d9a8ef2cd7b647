"""How thoroughly properties are tried: often enough to be fast in every run, with other examples in each.

A property that needs more says so itself. None fails for being slow: that is the machine's matter, not the code's.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("every-run", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("every-run")
