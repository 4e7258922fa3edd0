"""Files of word pairs and of questions, in the forms that people have."""

import gzip

import numpy as np
import pytest
from scipy import stats

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity
from jaxw2v.vectors.evaluation_files import read_pairs, read_questions

PAIRS = [("king", "queen", 8.1), ("man", "woman", 8.9), ("river", "lake", 8.5)]
NEW_YORK = [("new york", "city", 7.0), ("king", "queen", 8.0)]
SIMLEX = (
    "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD(SimLex)\n"
)


def written(tmp_path, content):
    path = tmp_path / "f.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(form, header="", end="\n"):
    lines = [form.format(a=a, b=b, s=s, c=f"{s}".replace(".", ",")) for a, b, s in PAIRS]
    return end.join(([header] if header else []) + lines) + end


@pytest.mark.parametrize(
    "content",
    [
        rows("{a}\t{b}\t{s}"),
        rows("{a} {b} {s}"),
        rows("  {a}   {b}\t{s}  "),
        rows("{a},{b},{s}"),
        rows("{a}, {b}, {s}"),
        rows("{a};{b};{s}"),
        rows("{a};{b};{c}"),
        rows("{a}\t{b}\t{c}"),
        rows("{a} {b} {c} 0,5"),
        rows('"{a}","{b}",{s}'),
        rows('"{a}","{b}","{c}"'),
        rows('"{a}"\t"{b}"\t"{s}"'),
        rows("{a}\t{b}\t{s}", end="\r\n"),
        rows("{a}\t{b}\t{s}", end="\r"),
        rows("{a}\t{b}\t{s}", end="\n\n"),
        b"\xef\xbb\xbf" + rows("{a}\t{b}\t{s}").encode(),
        "# people's scores, 2 of 3\n" + rows("{a}\t{b}\t{s}") + "# see 3\n",
        # WordSim-353, MTurk-771, RG-65.
        rows("{a}\t{b}\t{s}", "Word 1\tWord 2\tHuman (mean)"),
        rows("{a},{b},{s}", "Word 1,Word 2,Human (mean)"),
        rows("{a} {b} {s}", "word1 word2 similarity"),
        rows("{a} {b} {s}", "word1 word2 similarity score"),
        # SimLex-999, SimVerb-3500.
        rows("{a}\t{b}\tN\t{s}\t5.0\t4.97\t2\t0.6\t1\t0.7", SIMLEX.strip()),
        rows("{a}\t{b}\tV\t{s}\tSYNONYMS"),
        # RW, with the score of each person.
        rows("{a}\t{b}\t{s}\t8\t7\t9"),
        # Columns in an order of their own.
        rows("7,{a},{b},12,{s}", "id,word1,word2,frequency,score"),
        rows("{a},{b},{s},3", "word1,word2,score,people"),
    ],
)
def test_three_pairs_in_any_form(tmp_path, content):
    assert read_pairs(written(tmp_path, content)) == PAIRS


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        ("new york\tcity\t7\nking\tqueen\t8\n", NEW_YORK),
        ("new york;city;7\nking;queen;8\n", NEW_YORK),
        ('"new york" city 7\nking queen 8\n', NEW_YORK),
        ('"new york",city,7\nking,queen,8\n', NEW_YORK),
        ("king\tqueen\t8\n", [("king", "queen", 8)]),
        ("ipod,mp3,7\n", [("ipod", "mp3", 7)]),
        ("1984\torwell\t7\n", [("1984", "orwell", 7)]),
        ("rock\t#music\t3\n#metal\tmusic\t4\n", [("rock", "#music", 3), ("#metal", "music", 4)]),
        ("a\tb\t-1e-1\nc\td\t.5\n", [("a", "b", -0.1), ("c", "d", 0.5)]),
        (
            "rock,roll\tmusic\t3\njazz\tblues\t4\n",
            [("rock,roll", "music", 3), ("jazz", "blues", 4)],
        ),
    ],
)
def test_words_as_they_stand(tmp_path, content, pairs):
    assert read_pairs(written(tmp_path, content)) == pairs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "f.txt: holds no word pair"),
        ("# nothing\n", "f.txt: holds no word pair"),
        ("word1\tword2\tscore\n", "f.txt: holds no word pair"),
        ("a b 1\nc d\n", ":2: has 2 fields separated by blanks, and line 1 has 3"),
        ("a\tb\t1\nc d 2\ne\tf\t3\n", ":2: has 1 fields separated by tabs, and line 1 has 3"),
        ("a,b,1\nc;d;2\ne,f,3\n", ":2: has 1 fields separated by commas"),
        ("a b 1\nnew york city 2\nc d 3\n", ":2: has 4 fields separated by blanks"),
        ("a b 1\nc, d, 2\ne f 3\n", ":2: other lines are separated by blanks, and 'c,' by a sign"),
        # A decimal comma where commas separate.
        ("a,b,8,1\nc,d,8,9\n", ":1: commas separate the fields, so that the score may be 8 or 8,1"),
        ("a,b,8,1\nc,d,8\n", ":2: has 3 fields separated by commas, and line 1 has 4"),
        ("word1,word2,score\na,b,8,1\n", ":2: has 4 fields separated by commas, and the header 3"),
        ("a;b;8,1\nc;d;8.9\n", ":2: the score is '8.9', and decimals before have ','"),
        ("a\tb\t8.1\nc\td\t8,9\n", ":2: the score is '8,9', and decimals before have '.'"),
        # A first pair with a wrong score is no header.
        ("king\tqueen\t8.l\nman\twoman\t6\n", ":1: expected word, word, score separated by tabs"),
        ("king\tqueen\tN/A\nman\twoman\t6\n", ":1: expected word, word, score separated by tabs"),
        # Words may be called as columns are.
        ("w1\tw2\tnan\nw3\tw4\t1\n", ":1: expected word, word, score separated by tabs"),
        ("w1\tw2\t1.000,5\nw3\tw4\t2\n", ":1: expected word, word, score separated by tabs"),
        ("w1\tw2\t10%\nw3\tw4\t20%\n", ":1: expected word, word, score separated by tabs"),
        ("a b 1\nc d nan\n", ":2: expected a number as field 3, the score, got 'nan'"),
        ("a b 1\nc d 1e999\n", ":2: expected a number as field 3"),
        ("a b 1\nc d 1_0\n", ":2: expected a number as field 3, the score, got '1_0'"),
        ("word1 word2 score\na b 1\nscore score score\n", ":3: expected a number as field 3"),
        ("word1\tscore\tword2\na\t1\tb\n", ":2: expected word, word, score"),
        ('"a","b",1\n"c,"d",2\n', ":2: its quotes do not match"),
        ('a,b,1\n"c,d,2\n', ":2: its quotes do not match"),
        ("'a','b',1\n", ":1: expected a word without quotes, got \"'a'\""),
        ("\u201ca\u201d\tb\t1\n", ":1: expected a word without quotes"),
        ("a\tb\t1\nc\t\t2\n", ":2: expected a word without quotes, got ''"),
        # WordSim-353 by kind of relation, and numbered pairs.
        ("i\ttiger\tcat\t7\ni\tking\tqueen\t8\n", ":1: cannot tell which columns hold the words"),
        ("1,tiger,cat,7\n2,king,queen,8\n", ":1: cannot tell which columns hold the words"),
        (b"a b 1\n\xff b 2\n", ":2: not UTF-8"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, content, message):
    with pytest.raises(InputError) as got:
        read_pairs(written(tmp_path, content))
    assert message in str(got.value)
    assert "\n" not in str(got.value)


@pytest.mark.parametrize(
    ("content", "questions"),
    [
        (": s\na b c d\n\n# one\ne f g h\n", [("s", list("abcd")), ("s", list("efgh"))]),
        ("a\tb\tc\td\n: t\ne\tf\tg\th\n", [("questions", list("abcd")), ("t", list("efgh"))]),
        (
            "new york\tny\tlos angeles\tla\n",
            [("questions", ["new york", "ny", "los angeles", "la"])],
        ),
        ("#a #b #c #d\n", [("questions", ["#a", "#b", "#c", "#d"])]),
        ("a b c d\re f g h\r", [("questions", list("abcd")), ("questions", list("efgh"))]),
    ],
)
def test_questions(tmp_path, content, questions):
    assert read_questions(written(tmp_path, content)) == questions


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (": s\na b c\n", ":2: expected four words separated by blanks, got 'a b c'"),
        ("a\tb\tc\td\na b c d\ne\tf\tg\th\n", ":2: expected four words separated by tabs"),
        ("a b c d\nnew york a b c\n", ":2: expected four words separated by blanks"),
        ("a, b, c d\n", ":1: other lines are separated by blanks, and 'a,' by a sign"),
        ("a\tb\t\td\n", ":1: expected a word without quotes, got ''"),
        (": s\n", "f.txt: holds no question"),
    ],
)
def test_a_wrong_question_is_named(tmp_path, content, message):
    with pytest.raises(InputError) as got:
        read_questions(written(tmp_path, content))
    assert message in str(got.value)


WORDS = ("paris", "france", "london", "england", "rome", "italy")


def vectors_of(words):
    rng = np.random.default_rng(0)
    table = np.vstack([rng.normal(size=(6, 5)), np.ones((len(words) - 6, 5))])
    return WordVectors(Vocabulary(words, np.arange(len(words), 0, -1)), table)


@pytest.mark.parametrize("more", [(), ("UNK",), ("UNK", "PARIS", "<S>")])
def test_one_upper_case_word_changes_no_score(tmp_path, more):
    wv = vectors_of((*WORDS, *more))
    path = written(
        tmp_path, "Paris\tFrance\t8\nLondon\tEngland\t7\nRome\tItaly\t6\nOslo\tRome\t5\n"
    )
    found = evaluate_similarity(wv, path)
    cosines = [wv.similarity(*WORDS[i : i + 2]) for i in (0, 2, 4)]
    assert found.spearman == pytest.approx(stats.spearmanr(cosines, [8, 7, 6]).statistic, abs=1e-3)
    assert (found.pairs, found.missing) == (3, 1)
    answer = wv.analogy("paris", "france", "london")[0][0]
    questions = f"Paris France London {answer.title()}\nParis France London Oslo\n"
    total = evaluate_analogies(wv, written(tmp_path, questions))[-1]
    assert (total.correct, total.questions, total.missing) == (1, 1, 1)


def test_decimal_commas_and_points_score_alike(tmp_path):
    wv = vectors_of(WORDS)
    pairs = [("paris", "france", 8.1), ("london", "england", 8.9), ("rome", "italy", 8.5)]
    points = "".join(f"{a};{b};{s}\n" for a, b, s in pairs)
    expected = evaluate_similarity(wv, written(tmp_path, points))
    cosines = [wv.similarity(a, b) for a, b, _ in pairs]
    right = stats.spearmanr(cosines, [8.1, 8.9, 8.5]).statistic
    assert expected.spearman == pytest.approx(right, abs=1e-3)
    assert evaluate_similarity(wv, written(tmp_path, points.replace(".", ","))) == expected


@pytest.mark.parametrize(
    "columns",
    [
        "rating_count,rating_mean",
        "simlex_id,score",
        "score_sd,score",
        "human_n,human_mean",
        "mean_conc,similarity",
        "relation_id,similarity",
        "Assoc(USF),SimLex",
    ],
)
def test_the_score_is_not_what_stands_beside_it(tmp_path, columns):
    content = f"word1,word2,{columns}\n" + "".join(
        f"{a},{b},{i},{s}\n" for i, (a, b, s) in enumerate(PAIRS)
    )
    assert read_pairs(written(tmp_path, content)) == PAIRS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("word1,word2,similarity,relatedness\na,b,1,2\n", "any of 'similarity', 'relatedness'"),
        ("word1,word2,rank\na,b,1\nc,d,2\n", "'rank' in the header names no score of likeness"),
        ("word1,word2,cosine distance\na,b,.1\nc,d,.2\n", "'cosine distance' in the header"),
        ("cat - dog 7.5\n", "'-' stands where a word is expected"),
        ("cat | dog | 7.5\n", "stands where a word is expected|cannot tell which columns"),
        ("new york big dog 7.5\nold town small cat 3\n", "cannot tell which columns"),
        ("cat\tdog\t1,234\nking\tqueen\t500\n", "may part thousands"),
        ("cat dog 7.5\u2028king queen 8\n", r":1: holds the control character U\+2028"),
        ("cat\tdog\t7\nki\0ng\tqueen\t8\n", r":2: holds the control character U\+0000"),
        ("cat\tdog\t7\n\ufeffking\tqueen\t8\n", r":2: holds the control character U\+FEFF"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_pairs(written(tmp_path, content))


def test_a_header_is_no_question(tmp_path):
    content = "word1,word2,word3,word4\ncat,cats,dog,dogs\n"
    assert [q.words for q in read_questions(written(tmp_path, content))] == [
        ["cat", "cats", "dog", "dogs"]
    ]
    # Only the first line can be one, and none in a section.
    content = "# one\nword1 word2 word3 word4\nw1 w2 w3 w4\na b c d\n"
    assert len(read_questions(written(tmp_path, content))) == 2
    assert len(read_questions(written(tmp_path, ": s\nw1 w2 w3 w4\n"))) == 1


def test_compressed_sets_are_read(tmp_path):
    content = rows("{a}\t{b}\t{s}").encode()
    assert read_pairs(written(tmp_path, gzip.compress(content))) == PAIRS
    with pytest.raises(InputError, match="damaged"):
        read_pairs(written(tmp_path, gzip.compress(content)[:-9]))


def test_decomposed_letters_find_their_words(tmp_path):
    wv = WordVectors(Vocabulary(("café", "zoë", "sky"), np.array([3, 2, 1])), np.eye(3))
    content = "cafe\u0301\tzoe\u0308\t5\ncafe\u0301\tsky\t1\nSKY\tZOE\u0308\t2\n"
    assert evaluate_similarity(wv, written(tmp_path, content)).missing == 0
    np.testing.assert_array_equal(wv["cafe\u0301"], wv["café"])
    assert "cafe\u0301" in wv


def test_a_score_that_is_missing_is_named_and_no_other_column_taken(tmp_path):
    content = "word1\tword2\tPOS\tSimLex999\tconc\nold\tnew\tA\tn/a\t2.7\nsmart\tint\tA\t9\t1.7\n"
    with pytest.raises(InputError, match=r":2: expected a number as field 4, the score, got 'n/a'"):
        read_pairs(written(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "scores"),
    [
        ("cat\tdog\t0,350\nfoo\tbar\t10\n", [0.35, 10]),
        ("word1 word2 pos1 pos2 score\nold new A B 3.5\nbig small A A 4.5\n", [3.5, 4.5]),
    ],
)
def test_what_is_clear_is_read(tmp_path, content, scores):
    assert [pair.score for pair in read_pairs(written(tmp_path, content))] == scores
