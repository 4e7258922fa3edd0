"""Sizes of blocks."""

BLOCKS, LENGTH, NOISE, DIM, K = 3, 9, 6, 5, 4
