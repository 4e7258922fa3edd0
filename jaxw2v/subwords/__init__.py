"""Words as sums of their character n-grams: which there are, and which rows of a table are theirs.

Hashed as fastText does it, so that its files fit. Pure numpy, on the host, once a vocabulary.
"""

from jaxw2v.subwords.made_up import made_up_words
from jaxw2v.subwords.ngrams import Ngrams, WordNgrams
from jaxw2v.subwords.shared_rows import SharedRows, share_rows

__all__ = ["Ngrams", "SharedRows", "WordNgrams", "made_up_words", "share_rows"]
