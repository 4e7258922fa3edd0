import hashlib
import zipfile

import pytest

from jaxw2v import InputError
from jaxw2v.corpus.downloads import DOWNLOADS, Download, fetch


@pytest.fixture
def server(served):
    folder, url, requests = served
    with zipfile.ZipFile(folder / "corpus.zip", "w") as archive:
        archive.writestr("inner/corpus", "some text\n")
    return url, hashlib.sha256((folder / "corpus.zip").read_bytes()).hexdigest(), requests


def test_a_corpus_is_downloaded_once(server):
    url, sha, requests = server
    downloads = {"mine": Download(f"{url}/corpus.zip", sha, "inner/corpus")}
    assert fetch("mine", downloads).read_text() == "some text\n"
    assert fetch("mine", downloads).read_text() == "some text\n"
    assert requests == ["/corpus.zip"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sha", "member"),
    [
        ("corpus.zip", "0" * 64, "inner/corpus"),
        ("missing.zip", None, "inner/corpus"),
        ("corpus.zip", None, "other"),
    ],
)
def test_what_cannot_be_downloaded_is_one_line(server, cache, name, sha, member):
    url, right, _ = server
    downloads = {"mine": Download(f"{url}/{name}", sha or right, member)}
    with pytest.raises(InputError, match="cannot download mine") as error:
        fetch("mine", downloads)
    assert "\n" not in str(error.value)
    assert not list(cache.rglob("*.txt"))


def test_the_named_corpora_have_checksums():
    assert {"text8", "wikitext-103"} == set(DOWNLOADS)
    assert all(len(bytes.fromhex(d.sha256)) == 32 for d in DOWNLOADS.values())
