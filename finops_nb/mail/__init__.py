"""The mail that brings a report to its readers: composed from what was published, and sent only when asked to."""
