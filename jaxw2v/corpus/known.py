"""What is known of words before a text is read."""

from __future__ import annotations

import dataclasses

from jaxw2v.corpus.phrases import Phrases
from jaxw2v.corpus.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True, eq=False)
class Known:
    """Words that keep their ids in another text, and phrases that are joined in it.

    Attributes:
      vocabulary: the words; counts are those of the new text.
      phrases: joined there as well; no others are looked for.
      grow: append the words that the vocabulary lacks, as many as the settings allow.
    """

    vocabulary: Vocabulary
    phrases: Phrases = dataclasses.field(default_factory=Phrases)
    grow: bool = False

    @property
    def digest(self) -> str:
        """Of all that decides how a text is encoded."""
        return f"{self.vocabulary.digest} {self.phrases.digest} {self.grow}"
