import dataclasses
import json

import pytest

from jaxw2v import Config, InputError

OUT_OF_RANGE = {
    "min_count": 0,
    "max_vocabulary": 1,
    "embedding_dim": 0,
    "window": -1,
    "num_negatives": 0,
    "noise_exponent": float("nan"),
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
}


@pytest.mark.parametrize("field", OUT_OF_RANGE)
def test_a_value_out_of_range_is_refused_by_name(field):
    with pytest.raises(InputError, match=f"^{field} is "):
        Config(**{field: OUT_OF_RANGE[field]})


def test_every_numeric_field_has_a_range():
    numeric = {
        field.name
        for field in dataclasses.fields(Config)
        if "int" in str(field.type) or "float" in str(field.type)
    }
    assert numeric <= set(OUT_OF_RANGE)


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(InputError, match="above learning_rate"):
        Config(learning_rate=0.01, min_learning_rate=0.1)
    with pytest.raises(InputError, match="at least one block"):
        Config(tokens_per_step=16, block_length=32)


def test_json_reads_back():
    config = Config(probe_words=("a", "b"), learning_rate=0.1)
    assert Config(**json.loads(config.to_json())) == config
