"""Mail: a published report, written as a message and sent. It computes no figures."""
