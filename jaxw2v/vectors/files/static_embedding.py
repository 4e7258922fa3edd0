"""A folder that model2vec and sentence-transformers load: texts as means of word vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxw2v.corpus.tokenizers import INVISIBLE, WORDS_1, get_tokenizer
from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.errors import InputError
from jaxw2v.tokenizer_names import numbered
from jaxw2v.vectors.files.first_process import by_first_process
from jaxw2v.vectors.files.model_card import write_card
from jaxw2v.vectors.files.rows import Rows, Table
from jaxw2v.vectors.files.tensors import read_tensors, table_of, write_tensors

TENSORS, TOKENIZER = "model.safetensors", "tokenizer.json"
SETTINGS, LIBRARY = "config.json", "config_sentence_transformers.json"
PARTS = "modules.json"
FILES = (TENSORS, TOKENIZER, SETTINGS, PARTS, LIBRARY)
"""What :func:`write_static_embedding` writes."""
EMBEDDINGS = ("embeddings", "embedding.weight")
UNKNOWN = "[UNK]"
# WORDS of the corpus tokenizers, whose last letter no joiner follows.
_WORDS = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}]|[\x{200C}\x{200D}\x{180E}]+(?=[\p{L}\p{M}\p{N}]))*"
# What reading some other JSON as a tokenizer may raise.
_NO_TOKENIZER = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
MODULES = [
    {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}
]


def write_static_embedding(
    folder: Path,
    words: Sequence[str],
    vectors: Vectors,
    tokenizer: str,
    about: Sequence[str] = (),
) -> None:
    """Writes ``model.safetensors``, ``tokenizer.json``, descriptions for both libraries, a card.

    Args:
      folder: made if missing.
      words: V words.
      vectors: float32 [V, D]; a row of zeros for unknown words is added.
      tokenizer: the tokenizer of :class:`jaxw2v.TextSettings`.
      about: lines on how the vectors came to be, for the card.

    Raises:
      InputError: a word is ``[UNK]``, or the tokenizer is unknown.
    """
    get_tokenizer(tokenizer)
    if UNKNOWN in words:
        raise InputError(f"the word {UNKNOWN!r} stands for unknown words in this format")
    table = np.zeros((len(words) + 1, vectors.shape[1]), np.float32)
    start = 0
    for piece in pieces(vectors, len(words)):
        table[start : start + len(piece)] = piece
        start += len(piece)
    with by_first_process(folder / TENSORS) as path:
        write_tensors(path, {EMBEDDINGS[0]: table}, len(table))
    for name, content in {
        TOKENIZER: _tokenizer([*words, UNKNOWN], tokenizer),
        SETTINGS: {
            "model_type": "model2vec",
            "architectures": ["StaticModel"],
            "normalize": False,
            "embedding_dtype": "float32",
        },
        PARTS: MODULES,
        LIBRARY: {"similarity_fn_name": "cosine"},
    }.items():
        with by_first_process(folder / name) as path:
            path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    write_card(folder, (len(words), vectors.shape[1]), tokenizer, about)


def _tokenizer(words: Sequence[str], name: str) -> dict[str, Any]:
    """The tokenizer, as the library tokenizers reads it."""
    lowercase: dict[str, Any] = {"type": "Lowercase"}
    lower: dict[str, Any] | None = lowercase
    split: dict[str, Any] = {"type": "WhitespaceSplit"}
    name = numbered(name)
    if name == "words-2":
        split = _matches_of(_WORDS)
        lower = _one_after_another(lowercase, _replaced(INVISIBLE, ""), {"type": "NFC"})
    elif name == "words-1":
        split = _matches_of(WORDS_1)
    elif name == "basic_english":
        # Each of these signs is a word of its own.
        split = _matches_of(r"['.,()!?]|[^\s'.,()!?]+")
        lower = _one_after_another(lowercase, _replaced('"', ""), _replaced(r"<br />|[;:]", " "))
    else:
        lower = None
        if name.startswith("regex:"):
            split = _matches_of(name.removeprefix("regex:"))
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": lower,
        "pre_tokenizer": split,
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: i for i, word in enumerate(words)},
            "unk_token": UNKNOWN,
        },
    }


def _one_after_another(*normalizers: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": normalizers}


def _replaced(pattern: str, content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _matches_of(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}


def is_static_embedding(folder: Path) -> bool:
    """Whether a folder is one of model2vec or sentence-transformers.

    Args:
      folder: the folder.

    Returns:
      Whether it is.
    """
    return _inner(folder) is not None


def _inner(folder: Path) -> Path | None:
    """Where its files are: sentence-transformers puts them into a folder inside."""
    places = (folder, folder / "0_StaticEmbedding")
    return next((place for place in places if (place / TOKENIZER).exists()), None)


def read_static_embedding(folder: Path, rows: Rows) -> Table:
    """Reads what model2vec, sentence-transformers or :func:`write_static_embedding` wrote.

    Args:
      folder: with ``model.safetensors`` and ``tokenizer.json``.
      rows: receives the rows.

    Returns:
      What it holds, without the row of unknown words.

    Raises:
      InputError: a file is damaged, or tokens and vectors do not fit.
    """
    rows.unit, folder = "word", _inner(folder) or folder
    path = folder / TOKENIZER
    try:
        tokenizer = json.loads(path.read_text("utf-8"))
        model = tokenizer["model"]
        vocab = model["vocab"]
        if isinstance(vocab, list):
            vocab = {piece[0]: i for i, piece in enumerate(vocab)}
        vocab = vocab | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
        by_id = {int(i): str(word) for word, i in vocab.items()}
        unknown = model.get("unk_token")
        if isinstance(model.get("unk_id"), int):
            unknown = by_id[model["unk_id"]]
        "".join(by_id.values()).encode()
    except _NO_TOKENIZER as error:
        raise InputError(
            f"{path}: not a tokenizer: {str(error)[:80]!r}; restore the file"
        ) from None
    tensors = read_tensors(folder / TENSORS)
    name = next((name for name in EMBEDDINGS if name in tensors), EMBEDDINGS[0])
    table = table_of(tensors, name, folder / TENSORS)
    try:
        if "mapping" in tensors:
            table = table[tensors["mapping"]]
        if "weights" in tensors:
            table = table * np.asarray(tensors["weights"], np.float32)[:, None]
    except (IndexError, ValueError) as error:
        raise InputError(f"{folder / TENSORS}: its tensors do not fit: {error}") from None
    if sorted(by_id) != list(range(len(table))):
        raise InputError(f"{folder}: {len(by_id)} tokens and {len(table)} vectors do not fit")
    known = [i for i in range(len(table)) if by_id[i] != unknown]
    known = known[: rows.wanted(len(known))]
    rows.add([by_id[i] for i in known], table[known], [i + 1 for i in known])
    return Table(*rows.join())
