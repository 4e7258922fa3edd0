"""The record of a checkpoint is whole, ours and of this version, or it is not read."""

import json
from pathlib import Path

import pytest

from jaxw2v import InputError
from jaxw2v.training.checkpoints.record import FORMAT, Damaged, first_line, seal, unseal

RECORD = {"facts": {"tokenizer": "words-2", "seed": 1}, "cursor": {"epoch": 3}}
PATH = Path("run/checkpoints/7")


def test_what_was_sealed_is_there_again():
    sealed = json.loads(json.dumps(seal(RECORD)))
    assert unseal(sealed, PATH) == RECORD | {"format": FORMAT}


def test_settings_have_todays_names():
    old = seal(RECORD | {"facts": {"tokenizer": "words"}})
    assert unseal(old, PATH)["facts"] == {"tokenizer": "words-1"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: None, "damaged, or of another program"),
        (lambda s: s | {"program": "other"}, "damaged, or of another program"),
        (lambda s: s | {"content": s["content"].replace("3", "4")}, "its record is damaged"),
        (lambda s: s | {"sha256": "0" * 64}, "its record is damaged"),
        (lambda s: {k: v for k, v in s.items() if k != "content"}, "its record is damaged"),
    ],
)
def test_damage_is_found(change, message):
    with pytest.raises(Damaged, match=message):
        unseal(change(seal(RECORD)), PATH)


def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr("jaxw2v.training.checkpoints.record.FORMAT", FORMAT + 1)
    newer = seal(RECORD)
    monkeypatch.undo()
    with pytest.raises(InputError, match=f"checkpoints/7: is of format {FORMAT + 1}, and this"):
        unseal(newer, PATH)


def test_pages_of_an_error_become_a_line():
    assert first_line(OSError(28, "No space left on device")) == "no space left on device"
    assert first_line(ValueError("a\nb")) == "a"
    assert first_line(ValueError()) == "ValueError"
    assert first_line(ValueError("a. See full TensorStore details: b")) == "a"
    assert len(first_line(ValueError("a" * 999))) == 200
