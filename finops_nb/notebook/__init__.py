"""Notebook: runs one and judges the result; it computes no figure and publishes nothing."""
