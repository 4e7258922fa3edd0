"""Host side: text to vocabulary to a token stream on disk. Nothing here imports JAX."""

from jaxw2v.corpus.cache import Files, encode_corpus, open_corpus
from jaxw2v.corpus.known import Known
from jaxw2v.corpus.phrases import Phrases
from jaxw2v.corpus.token_stream import TokenStream
from jaxw2v.corpus.tokenizers import get_tokenizer
from jaxw2v.corpus.vocabulary import Vocabulary

__all__ = [
    "Files",
    "Known",
    "Phrases",
    "TokenStream",
    "Vocabulary",
    "builtin",
    "encode_corpus",
    "get_tokenizer",
    "open_corpus",
]
