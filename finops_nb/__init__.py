"""FinOps organizational alignment: who spent what, against which budget, and what to do next."""

__version__ = "0.1.0"
