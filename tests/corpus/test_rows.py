import polars as pl
import pytest

from jaxw2v import Config, InputError
from jaxw2v.corpus import open_corpus, text


def counts(path, **settings):
    vocabulary = open_corpus(path, Config(min_count=1, **settings), show_progress=False).vocabulary
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"id,text\n1,one, two\n2,three\n", r"a.csv:2: 3 fields, but .* names 2 \(id, "),
        ("a.csv", b"id,text\n1,one\n\n2\n", "a.csv:4: 1 fields, but the header names 2"),
        ("a.csv", b"text\none\ntwo, three\n", "a.csv:3: 2 fields.*holds a comma stands in double"),
        ("a.tsv", b"id\ttext\n1\tone\ttwo\n", "a.tsv:2: 3 fields.*holds a tab stands in double"),
        ("a.csv", b'id,text\n1,"one\ntwo"\n2,"one\n3,two\n', "a.csv:4: a quote is not closed"),
        ("a.csv", b'id,text\n1,"one" two\n', "a.csv:2: .*text follows.*--no-table-quotes"),
        ("a.csv", b'id,text\n1,"one\n2,two\n3,"three"\n', "a.csv:2: a quote is not closed"),
        ("a.csv", b"text,text\none,two\n", "has 2 columns 'text'"),
        ("a.csv", b"id;text\n1;one\n", "its fields are separated by semicolons"),
        ("a.csv", b"id,text\n1,one\n2,t\xffo\n", r"a.csv:3: not UTF-8 \(byte 0xff\)"),
        ("a.csv", b"\n\n", "a.csv: holds no row"),
        ("a.jsonl", b'{"text": "one"}\n\n{"text" "two"}\n', "a.jsonl:3: is not JSON"),
        ("a.jsonl", b'{"text": "one"}\n["two"]\n', "a.jsonl:2: holds no object"),
        ("a.jsonl", b'{"text": "one"} {"text": "two"}\n', "a.jsonl:1: is not JSON"),
        ("a.jsonl", b'{"text": "one"}\n{"text": ["two"]}\n', "a.jsonl:2: 'text' holds .*two.*not"),
        ("a.jsonl", b'{"text": true}\n', "a.jsonl:1: 'text' holds true, not text"),
        ("a.jsonl", b'{"text": "one"}\n{"text": "\\ud83d"}\n', r"a.jsonl:2: half .*\(U\+D83D\)"),
        ("a.jsonl", b'{"id": 1, "body": 2}\n', "no column 'text'; it has id, body"),
        ("a.jsonl", b'{"text": "one"}\n' + b"[" * 99_999, "a.jsonl:2: is not JSON"),
        ("a.jsonl", b"\n\n", "a.jsonl: holds no row"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as refused:
        counts(tmp_path / name)
    assert str(refused.value).count("\n") == 0


def test_quotes_of_csv_hold_commas_quotes_and_lines(tmp_path):
    (tmp_path / "a.csv").write_bytes(
        b'\xef\xbb\xbf"text",id\r\n"one, ""two""\nthree",1\r\n\r\nfour "five" six,2'
    )
    found = counts(tmp_path / "a.csv")
    assert found == dict.fromkeys(["one", "two", "three", "four", "five", "six"], 1)


def test_quotes_may_be_characters_like_any_other(tmp_path):
    (tmp_path / "a.tsv").write_text('id\ttext\n1\t"one" two\n2\t"three\n3\tfour\n')
    found = counts(tmp_path / "a.tsv", table_quotes=False, tokenizer="whitespace")
    assert found == dict.fromkeys(['"one"', "two", '"three', "four"], 1)


def test_rows_without_text_are_counted(tmp_path):
    (tmp_path / "a.csv").write_text('id,text\n1,one\n2,\n3,""\n4,two\n')
    (tmp_path / "a.jsonl").write_text(
        '{"id": 1}\n{"id": 2, "text": null}\n{"text": NaN}\n{"text": "two", "score": NaN}\n'
        '{"text": 3}\n{"text": ""}\n'
    )
    with pytest.warns(UserWarning, match="^6 of 10 rows have no text in column 'text'") as said:
        found = counts(str(tmp_path / "a.*"))
    assert found == {"two": 2, "3": 1, "one": 1}
    assert len(said) == 1


def test_a_blank_line_is_a_row_where_there_is_one_column(tmp_path):
    (tmp_path / "a.csv").write_text("text\none\n\ntwo\n")
    with pytest.warns(UserWarning, match="^1 of 3 rows"):
        assert counts(tmp_path / "a.csv") == {"one": 1, "two": 1}


def test_a_column_may_appear_late_and_after_a_mark(tmp_path):
    rows = ['{"id": 1}'] * 500 + ['{"id": 1, "text": "the cat"}'] * 3
    (tmp_path / "a.jsonl").write_text("\ufeff" + "\n".join(rows))
    with pytest.warns(UserWarning, match="^500 of 503 rows"):
        assert counts(tmp_path / "a.jsonl") == {"cat": 3, "the": 3}


def test_what_is_no_character_may_be_replaced(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "one\\ud83dtwo"}\n{"text": "thr\xffee"}\n')
    found = counts(tmp_path / "a.jsonl", errors="replace", tokenizer="whitespace")
    assert found == {"one\ufffdtwo": 1, "thr\ufffdee": 1}


def test_long_rows_come_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "CHUNK_BYTES", 1_000)
    (tmp_path / "a.csv").write_text("text\n" + f"{'one two ' * 50_000}\n" + "three\n" * 400)
    batches = list(text.read_paths([str(tmp_path / "a.csv")], Config()))
    assert len(batches) == 3
    assert counts(tmp_path / "a.csv") == {"one": 50_000, "two": 50_000, "three": 400}


def test_a_column_of_lists_is_refused(tmp_path):
    pl.DataFrame({"text": [["one"], ["two"]]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"column 'text' holds List\(String\), not text"):
        counts(tmp_path / "a.parquet")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_tables_at_an_address_are_read_by_the_same_rules(tmp_path, ending):
    good = {"csv": '\ufeffid,text\n1,"one\ntwo"\n', "jsonl": '{"text": "one two"}\n'}[ending]
    bad = {"csv": "2,one, two\n", "jsonl": "{\n"}[ending]
    path = tmp_path / f"a.{ending}"
    path.write_text(good)
    assert counts(f"file://{path}") == {"one": 1, "two": 1}
    path.write_text(good + bad)
    line = good.count("\n") + 1
    with pytest.raises(InputError, match=rf"a.{ending}:{line}: "):
        list(text.read_paths([f"file://{path}"], Config()))
