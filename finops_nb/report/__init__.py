"""Report: texts, tables, charts, pages and workbooks that a person sees; it computes no figures.

A section is made in `tables.py` and `prose.py`, and is a heading and cells of the notebook.
"""
