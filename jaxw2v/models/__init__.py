"""Flax NNX modules that hold the tables."""

from jaxw2v.models.word_embeddings import WordEmbeddings

__all__ = ["WordEmbeddings"]
