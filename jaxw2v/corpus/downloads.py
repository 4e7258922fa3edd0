"""Corpora by name, downloaded once and checked against a checksum."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import shutil
import zipfile
from pathlib import Path

import pooch

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.corpus.cache import cache_folder
from jaxw2v.errors import InputError
from jaxw2v.progress import tell


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
    archive = retrieve(name, download.url, f"sha256:{download.sha256}")
    try:
        with (
            zipfile.ZipFile(archive) as files,
            files.open(download.member) as member,
            renamed_when_complete(corpus) as partial,
            open(partial, "wb") as file,
        ):
            shutil.copyfileobj(member, file)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _cannot(name, download.url, error) from None
    archive.unlink(missing_ok=True)
    return corpus


def retrieve(name: str, url: str, checksum: str, file_name: str | None = None) -> Path:
    """Downloads a file into the cache, unless it is there.

    Args:
      name: of what is downloaded, for messages.
      url: the address.
      checksum: ``sha256:`` or ``md5:`` and the digits, as its publisher states it.
      file_name: in the cache; ``None`` makes one.

    Returns:
      The file.

    Raises:
      InputError: the download failed, or its checksum is another.
    """
    folder = cache_folder() / "downloads"
    if file_name is None or not (folder / file_name).exists():
        tell(f"downloading {name} from {url}")
    try:
        # pooch logs and draws on standard output, which belongs to results.
        with contextlib.redirect_stdout(io.StringIO()):
            return Path(pooch.retrieve(url, checksum, file_name, folder))
    except (OSError, ValueError) as error:
        raise _cannot(name, url, error) from None


def _cannot(name: str, url: str, error: Exception) -> InputError:
    reason = str(error) or type(error).__name__
    return InputError(f"cannot download {name} from {url}: {reason.splitlines()[0]}")
