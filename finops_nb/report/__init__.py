"""Report: texts, tables, charts, pages and workbooks that a person sees; it computes no figures."""
