"""Sizes of the blocks of the losses: blocks, tokens, negatives, components, negatives a pair."""

BLOCKS, LENGTH, NOISE, DIM, K = 3, 9, 6, 5, 4
