"""A local Azure over real HTTP: the part of it that a VM-backup enforcer touches.

It exists so that Backstop can be shown, tested and broken without a subscription. It speaks Azure's wire shapes,
keeps its own state and its own clock, and knows nothing of Backstop: it imports nothing from the other packages,
so that a mistake there cannot cancel itself out here.
"""
