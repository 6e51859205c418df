"""The rules: one family of operations per file, forward and backward side by side."""
