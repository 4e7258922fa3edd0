"""Flax NNX modules: the tables of word2vec, and a classifier that starts from word vectors."""

from jaxw2v.models.text_classifier import TextClassifier
from jaxw2v.models.word_embeddings import WordEmbeddings

__all__ = ["TextClassifier", "WordEmbeddings"]
