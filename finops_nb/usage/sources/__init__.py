"""Sources: one file of usage: where it is, what its columns mean and how its values are written. Nothing is summed here."""
