"""Pages of words."""

import json
import re

from jaxw2v.plots import project, write_page


def test_a_page_needs_nothing_else_and_shows_neighbors(wv, tmp_path):
    projection = project(wv, wv.words, "pca")
    write_page(projection, wv, tmp_path / "p.html", "<i>some</i> words")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    outside = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", outside)
    assert "<i>some</i>" not in outside
    assert "</script><b>x" not in page
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    text = json.dumps(json.loads(data.replace("&lt;", "<").replace("&amp;", "&")))
    for word in wv.words[:20]:
        assert f'"{word}"' in text
    near = ", ".join(f"{word} {cosine:.2f}" for word, cosine in wv.most_similar("a0", topn=8))
    assert near in text
