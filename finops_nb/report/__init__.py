"""Report: what a person sees: text, tables, charts, pages, workbooks. No figure is computed here, only rounded and printed."""
