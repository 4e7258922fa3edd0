"""Tables as safetensors that do not fit."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from vector_files import load

from jaxw2v import InputError


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
