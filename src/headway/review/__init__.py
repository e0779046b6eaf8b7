"""The quarterly review of targets: what was reached, what is to come, and the targets that people agree on."""
