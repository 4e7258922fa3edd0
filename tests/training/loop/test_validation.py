"""The loss on held-out text."""

import dataclasses

import numpy as np
import pytest
from topics import CONFIG, quiet, two_topics

from jaxw2v import InputError
from jaxw2v.corpus import Known, open_corpus
from jaxw2v.devices.layout import Layout
from jaxw2v.training.fit import fit
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.loop.validation import hold_out

ALONE = Layout(None, 24, 8)


@pytest.fixture(scope="module")
def sentences():
    return two_topics()


@pytest.mark.slow
def test_a_validation_file_is_measured(sentences, tmp_path):
    (tmp_path / "v.txt").write_text("\n".join(" ".join(s) for s in sentences[:50]))
    stream = open_corpus(sentences[50:], CONFIG)
    held_out = open_corpus(tmp_path / "v.txt", CONFIG, Known(stream.vocabulary))
    metrics = []
    fit(
        stream,
        CONFIG,
        validation=held_out,
        on_epoch=lambda wv, m: metrics.append(m[-1]),
        show_progress=False,
    )
    losses = [m["validation_loss"] for m in metrics]
    assert losses[-1] < losses[0]
    # Held out and trained on are drawn alike, so their losses are alike.
    assert losses[-1] == pytest.approx(metrics[-1]["loss"], rel=0.1)


def test_held_out_sentences_are_not_trained_on(sentences):
    alone = [*sentences, *([["only", "held"]] * 30)]
    config = dataclasses.replace(CONFIG, validation_share=0.999, epochs=1)
    stream = open_corpus(alone, config)
    held_out, validation = hold_out(stream, config)
    kept = np.asarray(Feed(stream, len(stream), ALONE, held_out).read(0).chunk.ids)
    ids, sentence_ids = stream.read(0, len(stream))
    in_held_out = held_out[sentence_ids]
    assert 0 < in_held_out.sum() < len(stream)
    np.testing.assert_array_equal(kept[kept >= 0], ids[~in_held_out])
    np.testing.assert_array_equal(validation.read(0, len(validation))[0], ids[in_held_out])
    assert len(held_out) == stream.num_sentences


@pytest.mark.slow
def test_validation_text_that_shares_no_word_is_refused(sentences):
    with pytest.raises(InputError, match="validation text has no sentence"):
        quiet(sentences, validation=[["other", "words"]] * 9)
    with pytest.raises(InputError, match="not both"):
        quiet(sentences, dataclasses.replace(CONFIG, validation_share=0.1), validation=sentences)
