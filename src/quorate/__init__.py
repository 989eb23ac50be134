"""quorate: plan, rehearse, conduct, record and prove offline key ceremonies."""

__version__ = "0.1.0"
FORMAT = "quorate/1"
"""The one format name that stands in every file and statement."""
