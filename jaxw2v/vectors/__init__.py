"""What training leaves: word vectors, their neighbors, files and scores."""

from jaxw2v.vectors.evaluation import (
    AnalogyScore,
    SimilarityScore,
    answer_pairs,
    answer_questions,
    evaluate_analogies,
    evaluate_similarity,
)
from jaxw2v.vectors.published import load
from jaxw2v.vectors.subword_vectors import SubwordVectors
from jaxw2v.vectors.word_vectors import WordVectors

__all__ = [
    "AnalogyScore",
    "SimilarityScore",
    "SubwordVectors",
    "WordVectors",
    "answer_pairs",
    "answer_questions",
    "evaluate_analogies",
    "evaluate_similarity",
    "load",
]
