"""Public functions that need no rule of their own: compositions, queries, conversions."""
