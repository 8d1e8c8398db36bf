"""One file of usage: where it is, what its columns mean, how values are read. No sums here."""
