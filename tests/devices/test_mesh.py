"""Which meshes are taken, chosen and refused."""

import dataclasses
import os

import jax
import optax
import pytest
from zipf import zipf_sentences

from jaxw2v import Config, InputError, train
from jaxw2v.devices import mesh as meshes
from jaxw2v.devices.mesh import choose_mesh, parse_mesh, shapes_of

pytestmark = pytest.mark.usefixtures("optax_promotes")

CONFIG = Config(embedding_dim=12, min_count=1, tokens_per_step=1_024, epochs=1)


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(700, 20, 1_000)


@pytest.mark.parametrize(
    "text", ["3", "0x2", "axb", "2x3", "1x512", "2x2x0", "2x2x3", "1x32x16", "1x1x1x1", ""]
)
def test_a_mesh_of_another_form_is_refused(text):
    with pytest.raises(InputError, match="mesh is"):
        parse_mesh(text)


def test_a_mesh_that_does_not_match_is_refused(sentences, monkeypatch):
    with pytest.raises(InputError, match="needs 16 devices and there are 8"):
        train(sentences, CONFIG, mesh="16x1", show_progress=False)
    few = dataclasses.replace(CONFIG, tokens_per_step=128)
    with pytest.raises(InputError, match="8 devices, more than the 4 blocks of a step"):
        train(sentences, few, mesh="8x1", show_progress=False)
    by_all_rows = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.02))
    with pytest.raises(InputError, match="elementwise"):
        train(sentences, CONFIG, mesh="1x2", optimizer=by_all_rows, show_progress=False)


class Accelerator:
    platform = "gpu"


def a_gibibyte(device, sharers=1):
    return 2**30


def test_tables_that_do_not_fit_name_a_mesh_that_would(monkeypatch):
    monkeypatch.setattr(jax, "devices", lambda: [Accelerator()] * 8)
    monkeypatch.setattr(meshes, "memory_of", a_gibibyte)

    def bytes_on(shape):
        return 10 * 2**30 // shape[1]

    with pytest.raises(InputError, match=r"10.0 GiB .* mesh 8x1.* --mesh 1x16 would fit"):
        choose_mesh("8x1", 64, bytes_on)
    with pytest.raises(InputError, match="smaller --embedding-dim"):
        choose_mesh("8x1", 64, lambda shape: 2**31)
    with pytest.raises(InputError, match="smaller --embedding-dim"):
        choose_mesh(None, 64, bytes_on, lambda count: [(count, 1, 1)])


def test_devices_of_a_cpu_share_the_memory_of_the_machine(monkeypatch):
    machine = {"SC_PAGE_SIZE": 4_096, "SC_PHYS_PAGES": 2**21}
    monkeypatch.setattr(os, "sysconf", machine.__getitem__)
    assert choose_mesh(None, 64, lambda shape: 8 * 2**30) is None
    assert choose_mesh("4x2", 64, lambda shape: 2**30).devices.size == 8
    # More devices would not help.
    with pytest.raises(InputError, match=r"of mesh 1x1, which has 8\.0 GiB; give a smaller --emb"):
        choose_mesh(None, 64, lambda shape: 8 * 2**30 // shape[1] + 1)
    with pytest.raises(InputError, match=r"of mesh 4x2, which has 1\.0 GiB; give a smaller --emb"):
        choose_mesh("4x2", 64, lambda shape: 2**30 + 1)
    # As many that hold smaller parts of the tables would.
    with pytest.raises(InputError, match=r"of mesh 8x1, which has 1\.0 GiB; --mesh 4x1x2 would"):
        choose_mesh("8x1", 64, lambda shape: 2**31 // (shape[1] * shape[2]))


def test_without_a_wish_tables_are_cut_as_little_as_memory_demands(monkeypatch):
    made = []
    monkeypatch.setattr(jax, "devices", lambda: [Accelerator()] * 8)
    monkeypatch.setattr(jax, "make_mesh", lambda shape, *_, **__: made.append(shape))
    monkeypatch.setattr(meshes, "memory_of", a_gibibyte)
    choose_mesh(None, 64, lambda shape: 2**30)
    choose_mesh(None, 64, lambda shape: 3 * 2**30 // shape[1])
    choose_mesh(None, 6, lambda shape: 2**30, lambda count: [(count, 1, 1)])
    # Where columns are shared out all devices have work.
    choose_mesh(None, 6, lambda shape: 2**30)
    assert made == [(8, 1, 1), (2, 4, 1), (6, 1, 1), (4, 1, 2)]
    assert shapes_of(6) == [(6, 1, 1), (3, 1, 2), (3, 2, 1)]
