"""From findings to the compliance report and its three forms. Pure: no I/O, no clock, no network."""
