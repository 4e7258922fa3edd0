"""Sizes of blocks and of a table."""

B, L, D, V = 2, 6, 5, 11
