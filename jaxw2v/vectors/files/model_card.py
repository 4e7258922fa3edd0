"""The card of a folder of vectors that is to be published: what it is and how it is loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from jaxw2v.vectors.files.first_process import by_first_process

CARD = "README.md"
_TEXT = """---
library_name: model2vec
tags: [word2vec, static-embedding, sentence-transformers, jaxw2v]
# license: the text that the vectors were trained on decides; say it here before you publish them
---

# Word vectors

{size:,} vectors of {dim} components, made by jaxw2v {version}. The vector of a text is the mean
of those of its words, found by the tokenizer `{tokenizer}`; words without a vector are passed over.
{about}
Say here on which text they were trained, and how they score if no scores stand above
(`jaxw2v export` takes --similarity and --analogies).

## Use

```python
from sentence_transformers import SentenceTransformer

SentenceTransformer("FOLDER").encode(["a text"])
```

```python
from model2vec import StaticModel

StaticModel.from_pretrained("FOLDER").encode(["a text"])
```

```python
import jaxw2v

wv = jaxw2v.WordVectors.load("FOLDER")
wv.most_similar("word")
wv.export("vectors.txt", "word2vec-text")  # which gensim's KeyedVectors load
```
"""


def write_card(
    folder: Path, shape: tuple[int, int], tokenizer: str, about: Sequence[str] = ()
) -> None:
    """Writes ``README.md``; one that is there stays, for people write into it.

    Args:
      folder: of the vectors.
      shape: how many vectors there are, and of how many components.
      tokenizer: by which the words of a text are found.
      about: lines on how the vectors came to be.
    """
    if os.path.lexists(folder / CARD):
        return
    lines = "".join(f"- {line}\n" for line in about)
    text = _TEXT.format(
        size=shape[0],
        dim=shape[1],
        version=version("jaxw2v"),
        tokenizer=tokenizer,
        about=f"\n{lines}" if lines else "",
    )
    with by_first_process(folder / CARD) as path:
        path.write_text(text, "utf-8")
