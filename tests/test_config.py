import dataclasses
import json

import numpy as np
import pytest

from jaxw2v import Checkpointing, Config, InputError
from jaxw2v.setting_rules import NoEffect

OUT_OF_RANGE = {
    "min_count": 0,
    "max_vocabulary": 1,
    "max_counted": 1,
    "phrase_passes": -1,
    "phrase_threshold": float("inf"),
    "phrase_min_count": 0,
    "patience": 0,
    "embedding_dim": 0,
    "max_norm": 0.0,
    "window": -1,
    "num_negatives": 0,
    "noise_exponent": float("nan"),
    "noise_table_size": 0,
    "subsample_percentile": 101.0,
    "block_overlap": -2,
    "objective": "glove",
    "output_layer": "sampled",
    "cbow_combine": "max",
    "window_sampling": "wide",
    "context_side": "up",
    "negatives": "none",
    "subsample_threshold": -0.1,
    "epochs": 0,
    "learning_rate": 0.0,
    "min_learning_rate": -1.0,
    "tokens_per_step": 0,
    "block_length": 1,
    "negatives_per_block": 0,
    "seed": -1,
    "validation_share": 1.0,
    "errors": "ignore",
    "subsample_formula": "other",
    "row_updates": "some",
    "min_ngram": 0,
    "max_ngram": 1_001,
    "ngram_buckets": 0,
}


@pytest.mark.parametrize(
    ("field", "value"), [*OUT_OF_RANGE.items(), ("embedding_dim", 2**31), ("phrase_passes", 33)]
)
def test_a_value_out_of_range_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=f"^{field} is "):
        Config(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("checkpoint_minutes", 0.0),
        ("checkpoint_steps", 0),
        ("checkpoint_epochs", -1),
        ("keep_checkpoints", -1),
    ],
)
def test_when_a_run_is_saved_has_ranges_too(field, value):
    with pytest.raises(InputError, match=f"^{field} is "):
        Checkpointing(**{field: value})
    if field != "keep_checkpoints":
        Checkpointing(**{field: None})


def test_every_numeric_field_has_a_range():
    numeric = {
        field.name
        for field in dataclasses.fields(Config)
        if not str(field.type).startswith("Literal")
        and ("int" in str(field.type) or "float" in str(field.type))
    }
    assert numeric <= set(OUT_OF_RANGE)


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(InputError, match="above learning_rate"):
        Config(learning_rate=0.01, min_learning_rate=0.1)
    with pytest.raises(InputError, match="at least one block"):
        Config(tokens_per_step=16, block_length=32)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"output_layer": "softmax", "num_negatives": 7}, "num_negatives is 7"),
        ({"output_layer": "hierarchical_softmax", "negatives": "fresh"}, "negatives is 'fresh'"),
        ({"output_layer": "softmax", "noise_exponent": 1.0}, "noise_exponent is 1.0"),
        ({"negatives": "fresh", "negatives_per_block": 5}, "negatives_per_block is 5"),
        ({"cbow_combine": "sum"}, "cbow_combine is 'sum'"),
        ({"subsample_percentile": 50.0}, "subsample_percentile is 50.0"),
        (
            {"subsample_formula": "percentile", "subsample_threshold": 0.1},
            "subsample_threshold is 0.1",
        ),
        ({"subsample_formula": "none", "subsample_threshold": 0.1}, "subsample_threshold is 0.1"),
    ],
)
def test_a_setting_without_effect_is_refused(settings, named):
    with pytest.raises(InputError, match=f"{named}, which has no effect when"):
        Config(**settings)


def test_overlaps_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="block_overlap is 3; it must be even"):
        Config(block_overlap=3)
    with pytest.raises(InputError, match=r"block_length is 8.*give 16 or more"):
        Config(block_overlap=8, block_length=8)
    with pytest.raises(InputError, match="full windows need twice the window, 10"):
        Config(require_full_window=True, block_overlap=8)
    assert Config(require_full_window=True, window=8).overlap == 16


def test_json_reads_back():
    config = Config(probe_words=("a", "b"), learning_rate=0.1)
    assert Config(**json.loads(config.to_json())) == config


def test_numbers_of_numpy_become_pythons(tmp_path):
    config = Config(
        embedding_dim=np.int64(8),
        seed=np.uint32(2**32 - 1),
        learning_rate=np.float32(0.5),
        noise_exponent=np.float64(0.25),
        max_norm=np.int16(2),
        require_full_window=np.bool_(True),
        block_length=np.int32(64),
    )
    there = json.loads(config.to_json())
    assert [there[n] for n in ("embedding_dim", "seed", "max_norm")] == [8, 2**32 - 1, 2]
    assert (there["learning_rate"], there["noise_exponent"]) == (0.5, 0.25)
    assert there["require_full_window"] is True
    assert type(config.embedding_dim) is int
    assert type(config.noise_exponent) is float
    assert type(Checkpointing(checkpoint_steps=np.int64(3)).checkpoint_steps) is int
    for value in (np.float32("nan"), np.float64(2.5), np.int64(0), np.bool_(True), True):
        with pytest.raises(InputError, match=r"^window is .*an integer from 1 to 10000"):
            Config(window=value)
    with pytest.raises(InputError, match=r"^table_quotes is 'no'; it must be True or False"):
        Config(table_quotes="no")


def test_thresholds_that_npmi_cannot_reach_are_refused():
    for threshold in (-1.5, 1.01, np.float32(5)):
        with pytest.raises(InputError, match=r"phrase_threshold is .*; npmi lies from -1 to 1"):
            Config(phrase_passes=1, phrase_scoring="npmi", phrase_threshold=threshold)
    for threshold in (-1, 0.3, 1.0):
        config = Config(phrase_passes=1, phrase_scoring="npmi", phrase_threshold=threshold)
        assert config.phrase_threshold == threshold
    assert Config(phrase_passes=1, phrase_threshold=5.0).phrase_threshold == 5.0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("noise_exponent", 1000, "from -10 to 10"),
        ("noise_exponent", -1e308, "from -10 to 10"),
        ("window", 3_000_000_000, "from 1 to 10000"),
        ("block_length", 10**9, "from 2 to 65536"),
        ("num_negatives", 10**9, "from 1 to 100000"),
        ("probe_words", None, "must be strings"),
        ("probe_words", 5, "must be strings"),
        ("probe_words", ("a", 5), "must be strings"),
        ("table_quotes", np.array([1, 2]), "must be True or False"),
        ("tokenizer", 5, "must be a string"),
        ("text_column", None, "must be a string"),
    ],
)
def test_what_could_only_fail_later_is_refused_at_once(field, value, message):
    with pytest.raises(InputError, match=f"^{field} is .*{message}"):
        Config(**{field: value})


def test_a_rule_that_could_never_apply_is_refused():
    with pytest.raises(ValueError, match="names no value"):
        NoEffect(probe_words=())
    assert NoEffect(probe_words=((),)).when == {"probe_words": ((),)}
