"""Files of vectors: round trips with gensim and model2vec, and files that cannot be used."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from gensim.models import KeyedVectors
from model2vec import StaticModel
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from jaxw2v import InputError, TextSettings, WordVectors
from jaxw2v.compression import zstd
from jaxw2v.corpus import Vocabulary, open_corpus
from jaxw2v.vectors.files import FORMATS, binary, text

WORDS = ("the", "naïve", "東京", "1984", '"', "#", "nan", "null", "x\xa0y", "don't", "e5", "-")
# That of n-grams has tests of its own.
READ = [name for name, f in FORMATS.items() if f.read and name != "fasttext-bin"]


def first(wv, size):
    return WordVectors(Vocabulary(wv.words[:size], wv.counts[:size]), wv.vectors[:size])


def load(path, **options):
    return WordVectors.load(path, show_progress=False, **options)


def assert_same(found, expected):
    assert found.words == expected.words
    np.testing.assert_array_equal(found.vectors, expected.vectors)


@pytest.fixture(scope="module")
def wv():
    rng = np.random.default_rng(0)
    scale = 10.0 ** rng.integers(-12, 12, (len(WORDS), 1))
    vectors = (rng.normal(size=(len(WORDS), 7)) * scale).astype(np.float32)
    vectors[2, :3] = 0, -0.0, np.finfo(np.float32).tiny / 8
    return WordVectors(Vocabulary(WORDS, np.arange(3 * len(WORDS), 0, -3)), vectors)


@pytest.fixture(scope="module")
def peer(wv):
    keyed = KeyedVectors(wv.vectors.shape[1])
    keyed.add_vectors(list(wv.words), wv.vectors)
    return keyed


@pytest.mark.parametrize("format", READ)
def test_what_we_write_we_read(wv, tmp_path, monkeypatch, format):
    monkeypatch.setattr("jaxw2v.devices.row_sharding.ROWS_AT_ONCE", 5)
    for module in (text, binary):
        monkeypatch.setattr(module, "CHUNK_BYTES", 100)
    monkeypatch.setattr(binary, "ROWS_AT_ONCE", 4)
    wv.export(tmp_path / "v", format)
    found = load(tmp_path / "v")
    assert_same(found, wv)
    for limit in (1, 4, 5, len(wv), 99):
        assert_same(load(tmp_path / "v", limit=limit), first(wv, limit))
    if format == "safetensors":
        np.testing.assert_array_equal(found.counts, wv.counts)
    else:
        assert (np.diff(found.counts) < 0).all()


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_our_files_and_we_read_gensims(wv, peer, tmp_path, binary):
    wv.export(tmp_path / "ours", "word2vec-bin" if binary else "word2vec-text")
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "ours", binary=binary)
    assert tuple(theirs.index_to_key) == wv.words
    np.testing.assert_array_equal(theirs.vectors, wv.vectors)
    peer.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
    assert_same(load(tmp_path / "theirs"), wv)


# gensim leaves the file open.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_glove_without_a_header(wv, peer, tmp_path):
    wv.export(tmp_path / "ours", "glove")
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "ours", no_header=True)
    assert tuple(theirs.index_to_key) == wv.words
    np.testing.assert_array_equal(theirs.vectors, wv.vectors)
    peer.save_word2vec_format(str(tmp_path / "theirs"), write_header=False)
    assert_same(load(tmp_path / "theirs"), wv)


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-bin", "glove", "safetensors"])
@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_compressed_files(wv, tmp_path, format, compress):
    wv.export(tmp_path / "v", format)
    (tmp_path / "v").write_bytes(compress((tmp_path / "v").read_bytes()))
    assert_same(load(tmp_path / "v"), wv)
    (tmp_path / "v").write_bytes((tmp_path / "v").read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged or cut short"):
        load(tmp_path / "v")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        # word2vec.c and fastText end each line by a blank.
        (b"2 2\na 1 2 \nb 3 4 \n", ("a", "b")),
        (b"a 1 2\nb 3 4\n", ("a", "b")),
        (b"\xef\xbb\xbf2 2\na 1 2\nb 3 4\n", ("a", "b")),
        (b"\xef\xbb\xbfa 1 2\nb 3 4\n", ("a", "b")),
        (b"2 2\r\na 1 2\r\nb 3 4\n", ("a", "b")),
        (b"2\t2\na\t1\t2\nb\t3\t4\n\n\n", ("a", "b")),
        (b"a  1 2\nb 3   4\n", ("a", "b")),
        (b"new york 1 2\n. . . 3 4\n", ("new york", ". . .")),
        (b"2 2\nnew york 1 2\nb 3 4\n", ("new york", "b")),
        (b"a 1e0 +2.0\nb 3. 4e-0\n", ("a", "b")),
    ],
)
def test_text_that_others_write(tmp_path, content, words):
    (tmp_path / "v.vec").write_bytes(content)
    found = load(tmp_path / "v.vec")
    assert found.words == words
    assert found.vectors.tolist() == [[1, 2], [3, 4]]


def test_binary_rows_without_line_feeds(tmp_path):
    rows = np.array([[1, 2], [3, 4]], np.float32)
    content = b"2 2\na " + rows[0].tobytes() + b"b " + rows[1].tobytes()
    (tmp_path / "v.bin").write_bytes(content)
    assert load(tmp_path / "v.bin").vectors.tolist() == rows.tolist()


@pytest.mark.parametrize("dim", [1, 2, 4, 300])
def test_any_binary_row_is_told_from_text(tmp_path, dim):
    """Bytes of numbers may look like the end of a line of text."""
    rng = np.random.default_rng(dim)
    words = tuple(f"w{i}" for i in range(20))
    for _ in range(60):
        vectors = rng.normal(size=(20, dim)).astype(np.float32)
        raw = vectors.view(np.uint8)
        raw[0, 1:4] = list(b" 5\n")
        raw[1, -3:] = list(b" 7\n")
        ours = WordVectors(Vocabulary(words, np.arange(20, 0, -1)), np.nan_to_num(vectors))
        ours.export(tmp_path / "v.bin", "word2vec-bin", overwrite=True)
        assert_same(load(tmp_path / "v.bin"), ours)


@pytest.mark.parametrize("word", ["x^2", "x\x01", "BZh9", "%PDF"])
def test_words_that_begin_as_other_files_do(tmp_path, word):
    (tmp_path / "v.txt").write_text(f"{word} 1 2\nb 3 4\n")
    assert load(tmp_path / "v.txt").words == (word, "b")
    (tmp_path / "v.txt").write_text(f"2 2\nb 3 4\n{word} 1 2\n")
    assert load(tmp_path / "v.txt").words == ("b", word)


def test_long_lines_and_blank_ones(tmp_path):
    rows = np.random.default_rng(0).integers(10, 99, (3, 40_000))
    lines = [f"w{i} {' '.join(map(str, row))}\n" for i, row in enumerate(rows)]
    for header in ("", "3 40000\n"):
        (tmp_path / "v.txt").write_text(header + "".join(lines))
        np.testing.assert_array_equal(load(tmp_path / "v.txt").vectors, rows)
    (tmp_path / "v.txt").write_text("a 1 2\n\nb 3 4\n\n\n")
    with pytest.raises(InputError, match=":2: expected a word and 2 numbers, got 0"):
        load(tmp_path / "v.txt")


def test_a_compressed_header_that_promises_too_much(tmp_path):
    for dim in (3_000_000, 30_000_000_000):
        (tmp_path / "v.gz").write_bytes(gzip.compress(b"5 %d\ncat 1 2 3\n" % dim))
        tracemalloc.start()
        with pytest.raises(InputError, match=r"the header promises .* numbers a word"):
            load(tmp_path / "v.gz")
        assert tracemalloc.get_traced_memory()[1] < 1 << 25
        tracemalloc.stop()


def test_a_limit_counts_good_rows(tmp_path, monkeypatch):
    (tmp_path / "v.txt").write_text("a 1. 0\na 2. 0\nb 3. 0\nc x 0\nd 5. 0\ne 6. 0\n")
    for chunk in (1 << 24, 5):
        monkeypatch.setattr(text, "CHUNK_BYTES", chunk)
        with pytest.warns(RuntimeWarning, match="rows are left out"):
            assert load(tmp_path / "v.txt", limit=3, errors="skip").words == ("a", "b", "d")


SENTENCE = (
    "Don't say \"Naïve\" -- it's the year 1984; 東京 (e5)! "
    "می\u200cخو\u200c co\u00adop cafe\u0301 \ufe0f x\u200by\u200d- \u0301z"
)


@pytest.mark.parametrize(
    "tokenizer",
    ["words", "words-1", "words-2", "whitespace", "basic_english", r"regex:[\p{L}\p{M}\p{N}]+"],
)
def test_model2vec_means_the_words_that_we_find(tmp_path, tokenizer):
    """A text's embedding is the mean of the vectors of the words our tokenizer finds in it."""
    texts = [SENTENCE, "the year, the e5", "nothing known"]
    settings = TextSettings(tokenizer=tokenizer, min_count=1)
    stream = open_corpus(texts[:2], settings, show_progress=False)
    vectors = np.random.default_rng(0).normal(size=(len(stream.vocabulary), 5))
    ours = WordVectors(stream.vocabulary, vectors)
    ours.export(tmp_path / "static", "static-embedding", tokenizer)
    model = StaticModel.from_pretrained(tmp_path / "static")
    ids, sentences = stream.read(0, len(stream))
    expected = np.stack([ours.vectors[ids[sentences == i]].mean(0) for i in range(2)])
    np.testing.assert_allclose(model.encode(texts[:2]), expected, atol=1e-6)
    assert not model.encode(texts[2:]).any()


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "Unigram"])
def test_we_read_what_model2vec_writes(tmp_path, kind):
    words = ["[UNK]", "cat", "dog", "sky"]
    ids = {word: i for i, word in enumerate(words)}
    model = {
        "WordLevel": lambda: models.WordLevel(ids, unk_token="[UNK]"),
        "WordPiece": lambda: models.WordPiece(ids, unk_token="[UNK]"),
        "Unigram": lambda: models.Unigram([(word, -1.0) for word in words], 0),
    }[kind]()
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    StaticModel(vectors, tokenizer).save_pretrained(tmp_path / "plain")
    found = load(tmp_path / "plain")
    assert found.words == ("cat", "dog", "sky")
    np.testing.assert_array_equal(found.vectors, vectors[1:])

    mapping, weights = np.array([0, 1, 1, 2]), np.array([1, 2, 3, 4], np.float32)
    few = StaticModel(vectors[:3], tokenizer, weights=weights, token_mapping=mapping)
    few.save_pretrained(tmp_path / "few")
    found = load(tmp_path / "few", limit=2)
    assert found.words == ("cat", "dog")
    np.testing.assert_allclose(found.vectors, vectors[[1, 1]] * [[2], [3]], rtol=1e-6)


def test_tensorboards_files(wv, tmp_path):
    wv.export(tmp_path / "logs", "tensorboard")
    read = np.loadtxt(tmp_path / "logs" / "vectors.tsv", np.float32, delimiter="\t")
    np.testing.assert_array_equal(read, wv.vectors)
    lines = (tmp_path / "logs" / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "word\tcount"
    rows = [line.split("\t") for line in lines[1:-1]]
    assert tuple(word for word, _ in rows) == wv.words
    assert [int(count) for _, count in rows] == wv.counts.tolist()
    config = (tmp_path / "logs" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "vectors.tsv"' in config


def test_words_that_a_format_cannot_hold(tmp_path):
    for word in ("new york", "a\tb", "a\nb", ""):
        wv = WordVectors(Vocabulary((word,), np.array([1])), np.ones((1, 2)))
        for format in ("word2vec-text", "word2vec-bin", "glove"):
            with pytest.raises(InputError, match="empty or holds white space"):
                wv.export(tmp_path / "v", format)
    spaced = WordVectors(Vocabulary(("new york",), np.array([1])), np.ones((1, 2)))
    assert not list(tmp_path.iterdir())
    spaced.export(tmp_path / "v", "safetensors")
    assert load(tmp_path / "v").words == ("new york",)
    marked = WordVectors(Vocabulary(("\ufeffa", "b"), np.array([2, 1])), np.ones((2, 2)))
    with pytest.raises(InputError, match="byte order mark"):
        marked.export(tmp_path / "w", "glove")
    with pytest.raises(InputError, match="unknown tokenizer 'bogus'"):
        spaced.export(tmp_path / "w", "static-embedding", "bogus")
    with pytest.raises(InputError, match="format is 'other'; it must be one of word2vec-text"):
        spaced.export(tmp_path / "w", "other")
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


BAD_ROWS = [
    (b"2 2\na 1 2\nb 1\n", ":3: expected a word and 2 numbers, got 1"),
    (b"2 2\na 1 2\nb 1 2 3\n", ":3: expected a word and 2 numbers, got 3"),
    (b"a 1 2\nb 1 2 3\n", ":2: expected a word and 2 numbers, got 3"),
    (b"2 2\na 1 2\nb 1 x\n", ":3: holds something that is not a number: b'x'"),
    (b"2 2\na 1 2\nb 1 1_0\n", ":3: holds something that is not a number: b'1_0'"),
    (b"2 2\na 1 2\nb 1 nan\n", ":3: holds a number that is not finite: the vector of 'b'"),
    (b"2 2\na 1 2\nb inf 1\n", ":3: holds a number that is not finite"),
    (b"2 2\na 1 2\nb 1e99 1\n", ":3: holds a number that is not finite"),
    (b"2 2\na 1 2\na 3 4\n", ":3: the word stands there twice: 'a', first as line 2"),
    (b"2 2\na 1 2\n\xff\xfe 3 4\n", ":3: the word is not UTF-8: byte 0xff"),
    (b"2 2\na 1 2\n 3 4\n", ":3: expected a word and 2 numbers"),
    (b"2 2\n\na 1 2\n", ":2: expected a word and 2 numbers"),
    (b"2 2\na 1 2\nb 3 4\rc 5 6\n", ":3: holds a carriage return inside the line"),
]


@pytest.mark.parametrize(("content", "message"), BAD_ROWS)
def test_a_bad_row_is_named_or_left_out(tmp_path, content, message):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(path)
    with pytest.warns(RuntimeWarning, match="1 rows are left out: 1 where .*; the first is .*:"):
        found = load(path, errors="skip")
    assert found.words == ("a",)
    assert found.vectors.tolist() == [[1, 2]]


def test_bytes_that_are_not_utf8_can_be_replaced(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"3 1\n\xff 1\n\xfe 2\nb 3\n")
    found = load(tmp_path / "v.txt", errors="replace")
    assert found.words == ("�", "b")
    assert found.vectors.tolist() == [[1], [3]]


FILES = [
    (b"", "is empty"),
    (b" \n\n", "is empty"),
    (b"2 0\na\nb\n", "promises 2 words of 0 numbers"),
    (b"0 2\n", "promises 0 words of 2 numbers"),
    (b"2 2\na 1 2\n", "cut short"),
    (b"3 2\na 1 2\nb 1 2\n", "cut short"),
    (b"9999999999 300\na 1 2\n", "cut short, or its header is wrong"),
    (b"300 9999999999\na 1 2\n", "cut short, or its header is wrong"),
    (b"1 2\na 1 2\nb 1 2\n", ":3: goes on after the 1 words that its header promises"),
    (b"2 3\na 1 2\nb 1 2\n", ":2: expected a word and 3 numbers, got 2"),
    (b"1 1\na " + b"x" * 100_000, ":2: is longer than a word and 1 numbers can be"),
    (b"Once upon a time\nthere was\n", ":1: holds no vectors: it looks like plain text"),
    (b"<html><body>404</body></html>", "it looks like a web page or XML"),
    (b'{"error": "not found"}', "it looks like JSON"),
    (b"\x93NUMPY\x01\x00v\x00", "it looks like a NumPy array"),
    (b"\x80\x04\x95\x00\x00\x00", "it looks like a Python pickle, such as gensim's own format"),
    (b"PK\x03\x04\x14\x00\x00\x00", "it looks like a zip archive"),
    (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", "cut short or damaged; get the file again"),
    (b"PAR1\x15\x00\x15", "it looks like a parquet table"),
    (b"\x00\x01\x02\x03", "in a format known here: it is binary"),
    ("a 1.5 2\nb 3 4\n".encode("utf-16"), "it looks like UTF-16; write it anew by: iconv"),
    (b"the 1061396\nof 593677\nand 416629\n", "it looks like a file of counts"),
    (b"the\t1061396\nof\t593677", "it looks like a file of counts"),
    (b"the 12\nnew york 7\nx\n1984 5\n", "it looks like a file of counts"),
    (b"2 2\ra 1 2\rb 3 4\r", "its lines end by carriage returns alone"),
    (b"a 1 2\rb 3 4", "its lines end by carriage returns alone"),
    (b"a 1 2\r" * 20_000, "its lines end by carriage returns alone"),
    (b"\x28\xb5\x2f\xfd\x00", "damaged or cut short"),
]


@pytest.mark.parametrize(("content", "message"), FILES)
def test_what_is_no_file_of_vectors_is_named(tmp_path, content, message):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    for errors in ("strict", "skip"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if errors == "skip" else "error")
            with pytest.raises(InputError, match=message if errors == "strict" else "v.txt"):
                load(path, errors=errors)


def test_a_file_that_may_be_cut_in_its_last_number(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\nb 1 2.")
    with pytest.warns(RuntimeWarning, match="its last line has no end: it may be cut short"):
        assert load(tmp_path / "v.txt").words == ("a", "b")


def test_paths_and_options_that_cannot_be(wv, tmp_path):
    for path, options, message in [
        (tmp_path / "none", {}, "none: no such file or folder"),
        (tmp_path, {}, "holds no vectors.safetensors"),
        (tmp_path / "none", {"limit": 0}, "limit is 0"),
        (tmp_path / "none", {"errors": "ignore"}, "errors is 'ignore'; it must be one of strict"),
    ]:
        with pytest.raises(InputError, match=message):
            load(path, **options)


def test_safetensors_that_do_not_fit(wv, tmp_path):
    path = tmp_path / "v.safetensors"
    wv.export(path, "safetensors")
    tensors = load_file(path)
    for name, change, message in [
        ("words", lambda a: a[:9], r"holds \d+ words and 12 vectors"),
        ("words", None, "holds no words, only"),
        ("counts", lambda a: a[:-1], "its counts are not a whole number a word"),
        ("counts", lambda a: -a, "its counts are not a whole number a word"),
        ("counts", lambda a: a.astype(np.float64), "its counts are not a whole number a word"),
        ("input_embedding", None, "holds no input_embedding, only"),
        ("input_embedding", lambda a: a[0], "expected .words, components."),
        ("input_embedding", lambda a: a.astype(np.int32), "input_embedding is int32"),
        ("input_embedding", lambda a: a * np.float32(np.nan), "word 1: holds a number that is not"),
        ("words", lambda a: np.concatenate([a[:-1], [255]]).astype(np.uint8), "word 12: the word"),
    ]:
        changed = {k: v for k, v in tensors.items() if k != name}
        if change is not None:
            changed[name] = change(tensors[name])
        save_file(changed, path)
        with pytest.raises(InputError, match=message):
            load(path)


@pytest.mark.parametrize(
    "vocab", ["[[], []]", '{"a": 1e999}', '{"\\ud800": 0}', '{"a": 5}', "[" * 99_999, "7"]
)
def test_other_json_for_a_tokenizer(wv, tmp_path, vocab):
    wv.export(tmp_path / "m", "static-embedding")
    (tmp_path / "m" / "tokenizer.json").write_text(
        f'{{"model": {{"vocab": {vocab}}}, "added_tokens": []}}'
    )
    with pytest.raises(InputError, match=r"not a tokenizer|do not fit"):
        load(tmp_path / "m")


def mutated(content, rng):
    """A file as accidents leave it: cut, with bytes changed, lost, doubled or put in."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at, length = int(rng.integers(len(data) + 1)), int(rng.integers(1, 40))
        kind = rng.integers(6)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at : at + length]
        elif kind == 3:
            data[at:at] = rng.bytes(length)
        elif kind == 4:
            data[at : at + 1] = [b" ", b"\n", b"\0", b"\xff", b"9", b"-", b"\r"][rng.integers(7)]
        else:
            swap = int(rng.integers(len(data) + 1))
            data[at : at + 4], data[swap : swap + 4] = data[swap : swap + 4], data[at : at + 4]
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("errors", ["strict", "skip"])
@pytest.mark.parametrize("name", ["v.txt", "v.glove", "v.bin", "v.safetensors", "v.gz", "static"])
def test_a_mutated_file_is_an_error_or_a_table(wv, tmp_path, name, errors):
    """Never another exception, nor memory beyond some times the file."""
    formats = {"v.txt": "word2vec-text", "v.glove": "glove", "v.bin": "word2vec-bin"}
    formats |= {"v.safetensors": "safetensors", "v.gz": "word2vec-text"}
    path = tmp_path / name
    wv.export(path, formats.get(name, "static-embedding"))
    file = path / "tokenizer.json" if name == "static" else path
    content = file.read_bytes()
    if name == "v.gz":
        content = gzip.compress(content)
    rng, tables = np.random.default_rng(len(name)), 0
    for _ in range(250):
        file.write_bytes(mutated(content, rng))
        tracemalloc.start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                found = load(path, errors=errors)
            except InputError as error:
                message = str(error)
                assert str(path) in message
                assert "\n" not in message
                assert len(message) < 600
            else:
                tables += 1
                assert len(set(found.words)) == len(found.words) == len(found.vectors)
                assert np.isfinite(found.vectors).all()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 50 * len(content) + (1 << 25)
    # gzip has a checksum of its own.
    assert name == "v.gz" or tables > 0
    assert tables < 250


def packed(kind, content):
    """An archive with one file, which is stored as it is where the format can."""
    archive = io.BytesIO()
    if kind.startswith("zip"):
        method = zipfile.ZIP_DEFLATED if kind == "zip deflated" else zipfile.ZIP_STORED
        with zipfile.ZipFile(archive, "w", method) as file:
            file.writestr("glove.txt", content)
    else:
        form = tarfile.USTAR_FORMAT if kind == "tar ustar" else tarfile.GNU_FORMAT
        with tarfile.open(
            mode="w:gz" if kind == "tar.gz" else "w", fileobj=archive, format=form
        ) as t:
            info = tarfile.TarInfo("glove.txt")
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    return archive.getvalue()


@pytest.mark.parametrize("kind", ["zip stored", "zip deflated", "tar ustar", "tar gnu", "tar.gz"])
@pytest.mark.parametrize("format", ["word2vec-text", "glove", "word2vec-bin"])
def test_an_archive_is_named(wv, tmp_path, kind, format):
    wv.export(tmp_path / "v", format)
    (tmp_path / "v").write_bytes(packed(kind, (tmp_path / "v").read_bytes()))
    for errors in ("strict", "replace", "skip"):
        with pytest.raises(
            InputError, match=f"it looks like a {kind[:3]} archive; unpack it first"
        ):
            load(tmp_path / "v", errors=errors)


SPACED = [("the", [1, 2, 3]), ("new york", [4, 5, 6]), ("cat", [7, 8, 9]), ("dog", [1, 1, 1])]


def binary_file(rows, promised, end=b""):
    lines = [w.encode() + b" " + np.array(v, "<f4").tobytes() + end for w, v in rows]
    return b"%d 3\n" % promised + b"".join(lines)


@pytest.mark.parametrize("errors", ["strict", "replace", "skip"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary_rows_after_a_shifted_one_are_never_taken(tmp_path, errors, end):
    """After the blank in "new york" all bytes are read from the wrong place."""
    (tmp_path / "v.bin").write_bytes(binary_file(SPACED, 4, end))
    with pytest.raises(InputError, match=r"v.bin: word \d") as got:
        load(tmp_path / "v.bin", errors=errors)
    assert "skip" not in str(got.value)
    assert "--limit" not in str(got.value)


@pytest.mark.parametrize(
    "row", [("a", [1, 1, 1]), ("b", [1, np.nan, 1]), ("", [1, 1, 1])], ids=["twice", "nan", "empty"]
)
def test_no_binary_row_is_left_out(tmp_path, row):
    (tmp_path / "v.bin").write_bytes(binary_file([("a", [1, 2, 3]), row], 2))
    for errors in ("strict", "skip"):
        with pytest.raises(
            InputError, match=r"word 2: .*; mend the file: .* no row can be left out"
        ):
            load(tmp_path / "v.bin", errors=errors)


def test_a_binary_file_after_a_byte_order_mark(tmp_path):
    (tmp_path / "v.bin").write_bytes(b"\xef\xbb\xbf" + binary_file([("a", [1, 2, 3])], 1))
    assert load(tmp_path / "v.bin")["a"].tolist() == [1, 2, 3]


ROWS = [("the", [1, 2, 3]), ("cat", [4, 5, 6]), ("dog", [7, 8, 9])]


@pytest.mark.parametrize("form", ["text", "binary", "binary with line feeds"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(("promised", "word"), [(4, "cut short"), (5, "cut short"), (2, "goes on")])
def test_what_a_wrong_header_leaves_is_read_by_a_limit(tmp_path, form, compress, promised, word):
    content = binary_file(ROWS, promised, b"\n" if form.endswith("feeds") else b"")
    if form == "text":
        lines = [f"{word} {' '.join(map(str, row))}" for word, row in ROWS]
        content = "\n".join([f"{promised} 3", *lines, ""]).encode()
    (tmp_path / "v").write_bytes(compress(content))
    there = min(3, promised)
    with pytest.raises(InputError, match=f"{word}.*by --limit {there}$"):
        load(tmp_path / "v")
    found = load(tmp_path / "v", limit=there)
    assert found.words == ("the", "cat", "dog")[:there]
    assert found.vectors.tolist() == [row for _, row in ROWS][:there]


def test_a_binary_file_that_ends_inside_a_row_names_no_limit(tmp_path):
    (tmp_path / "v").write_bytes(binary_file(ROWS, 3)[:-2])
    with pytest.raises(InputError, match="word 3 of 3 has no complete vector") as got:
        load(tmp_path / "v")
    assert "--limit" not in str(got.value)


OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
OPENERS |= {".zst": zstd.decompress, ".GZ": gzip.decompress}


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-bin", "glove", "safetensors"])
@pytest.mark.parametrize("ending", OPENERS)
def test_a_name_that_says_compressed_is_compressed(wv, tmp_path, format, ending):
    wv.export(tmp_path / "plain", format)
    wv.export(tmp_path / f"v.txt{ending}", format)
    compressed = (tmp_path / f"v.txt{ending}").read_bytes()
    assert OPENERS[ending](compressed) == (tmp_path / "plain").read_bytes()
    assert_same(load(tmp_path / f"v.txt{ending}"), wv)
    wv.export(tmp_path / f"again{ending}", format)
    assert (tmp_path / f"again{ending}").read_bytes() == compressed


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("v.zip", "glove", "no .zip archives are written; end the name by .gz, .bz2, .xz, .zst"),
        ("v.tar.gz", "word2vec-text", "no .tar archives are written"),
        ("v.TGZ", "safetensors", "no .tgz archives are written"),
        ("v.gz", "tensorboard", "tensorboard is a folder, which is not compressed; leave .gz out"),
        ("v.zst", "static-embedding", "static-embedding is a folder"),
    ],
)
def test_names_that_promise_what_is_not_written(wv, tmp_path, name, format, message):
    with pytest.raises(InputError, match=message):
        wv.export(tmp_path / name, format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", READ)
@pytest.mark.parametrize("words", [("\ufeffa", "a", "b"), ("a", "\ufeffb", "b"), ("b", "\ufeff")])
def test_a_word_that_begins_by_a_byte_order_mark(tmp_path, monkeypatch, format, words):
    wv = WordVectors(
        Vocabulary(words, np.arange(len(words), 0, -1)), np.eye(len(words), 3) + np.float32(0.5)
    )
    if FORMATS[format].begins_with_word and words[0] == "\ufeffa":
        with pytest.raises(InputError, match="begins with a byte order mark, which is not kept"):
            wv.export(tmp_path / "v", format)
        return
    # A mark at the start of a piece of the file is not at that of the file.
    for size in (1 << 24, 18):
        monkeypatch.setattr(text, "CHUNK_BYTES", size)
        wv.export(tmp_path / "v", format, overwrite=True)
        assert_same(load(tmp_path / "v"), wv)
    wv.save(tmp_path / "folder")
    assert_same(load(tmp_path / "folder"), wv)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"0.1\t0.2\t0.3\n0.4\t0.5\t0.6\n", "holds numbers and no words"),
        (b"2 1\nthe 500\ncat 30\n", "file of counts"),
        (b"the 500 30\ncat 30 7\n", "file of counts"),
        (b"cat dog 7.5\nking queen 8.5\n", "scored pairs"),
        (b"1 2\ncat " + np.ones(2, ">f4").tobytes(), "big-endian|no float32"),
    ],
)
def test_what_has_no_vectors_or_no_words_is_refused(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    if b"cat " in content and b"\x3f" in content:
        large = np.array([1e20, 1], "<f4").tobytes()
        (tmp_path / "v").write_bytes(b"1 2\ncat " + large)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "v")


@pytest.mark.parametrize("limit", [2.5, "3", True, 0, -1])
def test_a_limit_is_a_whole_number(tmp_path, limit):
    (tmp_path / "v").write_text("cat 1. 2\ndog 3. 4\n")
    with pytest.raises(InputError, match="it must be an integer of 1 or more"):
        load(tmp_path / "v", limit=limit)
    assert load(tmp_path / "v", limit=np.int64(1)).words == ("cat",)


def test_tensors_without_numbers_or_of_another_kind(tmp_path):
    header = {
        "input_embedding": {"dtype": "F8_E4M3", "shape": [1, 2], "data_offsets": [0, 2]},
        "words": {"dtype": "U8", "shape": [1], "data_offsets": [2, 3]},
    }
    path = tmp_path / "v.safetensors"
    for changed, message in (({}, "of a kind that NumPy has not"), ({"shape": [1, 0]}, "expected")):
        if changed:
            header["input_embedding"] |= {"dtype": "F32", "data_offsets": [0, 0]} | changed
            header["words"]["data_offsets"] = [0, 1]
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        path.write_bytes(len(text).to_bytes(8, "little") + text + (b"a" if changed else b"\0\0a"))
        with pytest.raises(InputError, match=message):
            load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"2 2\ncat 10 20\ndog 3 4\n", ("cat", "dog")),
        (b"1 3\n3.14 0.1 0.2 0.3\n", ("3.14",)),
        (b"cat 0.5\ndog 0.25\n", ("cat", "dog")),
    ],
)
def test_what_a_header_or_points_prove_is_read(tmp_path, content, words):
    (tmp_path / "v").write_bytes(content)
    assert load(tmp_path / "v").words == words
