"""Mail: a published report, written as a message and sent. No figure is computed here, and no report is changed."""
