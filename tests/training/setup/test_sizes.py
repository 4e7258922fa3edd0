"""Sizes that the plan chooses."""

import numpy as np

from jaxw2v import Config
from jaxw2v.sampling import keep_probability
from jaxw2v.training.setup.sizes import choose_subsample_threshold, make_plan


def test_the_step_fits_the_corpus():
    counts = np.array([60, 40])
    for words in (100, 10_000, 10_000_000, 10_000_000_000):
        scaled = counts * (words // 100)
        chosen = make_plan(Config(), keep_probability(scaled, 0), scaled, 22_400, on_cpu=True)
        assert chosen.tokens_per_step <= max(words, 32)
        for bytes_per_block in (22_400, 281_600, 652_800):
            other = make_plan(
                Config(), keep_probability(scaled, 0), scaled, bytes_per_block, on_cpu=True
            )
            assert other.tokens_per_step <= 1.07 * chosen.tokens_per_step
            assert other.tokens_per_step >= chosen.tokens_per_step
            assert other.blocks_per_step % other.blocks_per_micro_batch == 0
        assert chosen.blocks_per_step % chosen.blocks_per_micro_batch == 0
        assert chosen.chunk_tokens % 32 == 0
        steps = 5 * words / chosen.tokens_per_step
        assert steps >= 1_000 or chosen.tokens_per_step <= 512 or words == 100
    given = make_plan(
        Config(tokens_per_step=8_192, learning_rate=0.5), np.ones(2), counts * 10_000, 22_400, False
    )
    assert (given.tokens_per_step, given.learning_rate) == (8_192, 0.5)


def test_micro_batches_are_in_pieces_where_these_are_large_and_fit_the_cache():
    counts = np.array([600_000, 400_000])

    def chosen(bytes_per_block, on_cpu=True, tokens=4_096):
        config = Config(tokens_per_step=tokens)
        plan = make_plan(config, np.ones(2), counts, bytes_per_block, on_cpu)
        return plan.blocks_per_micro_batch, plan.pieces

    assert chosen(22_400) == (64, 2)
    assert chosen(196_608) == (64, 2)
    assert chosen(198_000) == (26, 1)
    assert chosen(22_400, tokens=1_024) == (32, 1)
    assert chosen(22_400, on_cpu=False) == (128, 1)


def test_words_of_400_occurrences_and_the_mean_word_are_kept_whole():
    def chosen(words, mean_count):
        return choose_subsample_threshold(np.full(words, mean_count))

    found = [chosen(20_000, count) for count in (10, 50, 100, 1_000)]
    assert found == [1e-3, 4e-4, 2e-4, 1e-4]
    assert [chosen(words, 5_000) for words in (30, 1_000, 2_000)] == [1e-3, 1e-3, 5e-4]
    counts = np.array([400_000, 402, *[400] * 100, *[5] * 20_000])
    keep = keep_probability(counts, choose_subsample_threshold(counts), "paper")
    assert keep[0] < 0.05
    assert keep[1] < 1
    assert (keep[2:] == 1).all()
