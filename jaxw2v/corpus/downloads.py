"""Corpora by name, downloaded once and checked against a SHA-256."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import shutil
import sys
import zipfile
from pathlib import Path

import pooch

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.corpus.cache import cache_folder
from jaxw2v.errors import InputError


@dataclasses.dataclass(frozen=True)
class Download:
    """A zip archive and the file of it that is the corpus.

    Attributes:
      url: the address of the archive.
      sha256: of the archive.
      member: the file in it.
    """

    url: str
    sha256: str
    member: str


DOWNLOADS = {
    "text8": Download(
        "http://mattmahoney.net/dc/text8.zip",
        "a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232",
        "text8",
    ),
    "wikitext-103": Download(
        "https://s3.amazonaws.com/research.metamind.io/wikitext/wikitext-103-v1.zip",
        "242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590",
        "wikitext-103/wiki.train.tokens",
    ),
}


def fetch(name: str, downloads: dict[str, Download] = DOWNLOADS) -> Path:
    """Returns a named corpus, downloading it unless the cache holds it.

    Args:
      name: a key of ``downloads``.
      downloads: what can be had.

    Returns:
      The corpus file in the cache.

    Raises:
      InputError: the download failed, or its checksum is another.
    """
    download = downloads[name]
    folder = cache_folder() / "downloads"
    corpus = folder / f"{name}-{download.sha256[:12]}.txt"
    if corpus.exists():
        return corpus
    print(f"downloading {name} from {download.url}", file=sys.stderr)
    try:
        # pooch logs and draws on standard output, which belongs to results.
        with contextlib.redirect_stdout(io.StringIO()):
            archive = pooch.retrieve(download.url, f"sha256:{download.sha256}", path=folder)
        with (
            zipfile.ZipFile(archive) as files,
            files.open(download.member) as member,
            renamed_when_complete(corpus) as partial,
            open(partial, "wb") as file,
        ):
            shutil.copyfileobj(member, file)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"cannot download {name} from {download.url}: {reason}") from None
    Path(archive).unlink(missing_ok=True)
    return corpus
