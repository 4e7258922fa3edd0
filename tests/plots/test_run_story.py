"""The epochs of a run on its page."""

import re

from jaxw2v.plots import project, write_page


def test_a_page_of_a_run_tells_its_epochs(wv, tmp_path):
    records = [
        {
            "epoch": number,
            "loss": 3 - number / 8,
            "words_per_second": 1_234_567,
            "seconds": 4.25,
            "neighbors": {"a0": ["a1", f"<b>{number}</b>"]},
        }
        for number in (1, 2)
    ]
    projection = project(wv, wv.words, "pca")
    write_page(projection, wv, tmp_path / "p.html", "some words", records)
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    outside = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", outside)
    cells = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows]
    assert cells == [
        ["epoch", "loss (nats)", "words/s", "seconds"],
        ["1", "2.8750", "1,234,567", "4.2"],
        ["2", "2.7500", "1,234,567", "4.2"],
        ["epoch", "a0"],
        ["1", "a1, &lt;b&gt;1&lt;/b&gt;"],
        ["2", "a1, &lt;b&gt;2&lt;/b&gt;"],
    ]
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert "[2.875,2.75]" in data.replace(" ", "")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", outside)
    write_page(projection, wv, tmp_path / "q.html", "some words")
    page = (tmp_path / "q.html").read_text(encoding="utf-8")
    assert "<h2>Epochs" not in page
