"""Read back: finished files, parsed again from their bytes; it makes no file and mends nothing."""
