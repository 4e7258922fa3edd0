"""Vectors that others have published, by the names people know them by."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from jaxw2v.corpus.downloads import retrieve

ADDRESS = "https://github.com/RaRe-Technologies/gensim-data/releases/download/{name}/{name}.gz"
"""Where gensim's downloader has them from."""


@dataclasses.dataclass(frozen=True)
class Published:
    """A file of vectors, as its publisher describes it.

    Attributes:
      md5: the checksum of the file.
      size: of the file (bytes).
      words: V.
      dim: D.
      licence: an address, or what is said of it.
      about: whose they are, and of which text.
    """

    md5: str
    size: int
    words: int
    dim: int
    licence: str
    about: str


# From list.json of the repository RaRe-Technologies/gensim-data.
PUBLISHED = {
    "conceptnet-numberbatch-17-06-300": Published(
        "fd642d457adcd0ea94da0cd21b150847",
        1_225_497_562,
        1_917_247,
        300,
        "https://github.com/commonsense/conceptnet-numberbatch/blob/master/LICENSE.txt",
        "ConceptNet Numberbatch, words as /c/en/cat",
    ),
    "fasttext-wiki-news-subwords-300": Published(
        "de2bb3a20c46ce65c9c131e1ad9a77af",
        1_005_007_116,
        999_999,
        300,
        "https://creativecommons.org/licenses/by-sa/3.0/",
        "fastText's, Wikipedia 2017 and news",
    ),
    "glove-twitter-100": Published(
        "b04f7bed38756d64cf55b58ce7e97b15",
        405_932_991,
        1_193_514,
        100,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Twitter",
    ),
    "glove-twitter-200": Published(
        "e52e8392d1860b95d5308a525817d8f9",
        795_373_100,
        1_193_514,
        200,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Twitter",
    ),
    "glove-twitter-25": Published(
        "50db0211d7e7a2dcd362c6b774762793",
        109_885_004,
        1_193_514,
        25,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Twitter",
    ),
    "glove-twitter-50": Published(
        "c168f18641f8c8a00fe30984c4799b2b",
        209_216_938,
        1_193_514,
        50,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Twitter",
    ),
    "glove-wiki-gigaword-100": Published(
        "40ec481866001177b8cd4cb0df92924f",
        134_300_434,
        400_000,
        100,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Wikipedia 2014 and Gigaword 5",
    ),
    "glove-wiki-gigaword-200": Published(
        "59652db361b7a87ee73834a6c391dfc1",
        264_336_934,
        400_000,
        200,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Wikipedia 2014 and Gigaword 5",
    ),
    "glove-wiki-gigaword-300": Published(
        "29e9329ac2241937d55b852e8284e89b",
        394_362_229,
        400_000,
        300,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Wikipedia 2014 and Gigaword 5",
    ),
    "glove-wiki-gigaword-50": Published(
        "c289bc5d7f2f02c6dc9f2f9b67641813",
        69_182_535,
        400_000,
        50,
        "http://opendatacommons.org/licenses/pddl/",
        "GloVe's, Wikipedia 2014 and Gigaword 5",
    ),
    "word2vec-google-news-300": Published(
        "a5e5354d40acb95f9ec66d5977d140ef",
        1_743_563_840,
        3_000_000,
        300,
        "not found",
        "the word2vec of 2013, Google News",
    ),
    "word2vec-ruscorpora-300": Published(
        "9bdebdc8ae6d17d20839dd9b5af10bc4",
        208_427_381,
        184_973,
        300,
        "https://creativecommons.org/licenses/by/4.0/deed.en",
        "Russian National Corpus, words as cat_NOUN",
    ),
}


def located(path: str | os.PathLike) -> Path:
    """Where vectors are: published ones are downloaded unless the cache holds them.

    Args:
      path: a file, a folder, or the name of published vectors where there is no such file.

    Returns:
      The file or the folder.

    Raises:
      InputError: the download failed, or its checksum is another.

    Example:
      >>> located("vectors.txt").name
      'vectors.txt'
    """
    name = os.fspath(path)
    if name not in PUBLISHED or os.path.lexists(name):
        return Path(path).expanduser()
    md5, size = PUBLISHED[name].md5, PUBLISHED[name].size
    url, file_name = ADDRESS.format(name=name), f"{name}-{md5[:12]}.gz"
    return retrieve(f"{name} ({size / 1e6:,.0f} MB)", url, f"md5:{md5}", file_name)
