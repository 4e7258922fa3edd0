"""The same training on one device and on many: 8 virtual ones."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from zipf import zipf_sentences

from jaxw2v import Config, InputError, train
from jaxw2v.corpus import open_corpus
from jaxw2v.devices import mesh as meshes
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import choose_mesh, parse_mesh, shapes_of
from jaxw2v.devices.shards import Shards
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.step.batch import Chunk, ChunkInputs
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.program import lower_training, word_arrays
from jaxw2v.training.step.state import initial_state

CONFIG = Config(embedding_dim=12, min_count=1, tokens_per_step=1_024, epochs=1)
MESHES = ["2x1", "8x1", "1x8", "4x2"]


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(700, 20, 1_000)


def lay_over(mesh, job, exchange_sums=False):
    mesh = mesh and choose_mesh(mesh, job.plan.blocks_per_step, lambda shape: 0)
    return Layout(mesh, len(job.keep), exchange_sums)


def chunk_of(sentences, config, mesh, optimizer=None, exchange_sums=False):
    """Both tables and the loss after one chunk."""
    stream = open_corpus(sentences, config, show_progress=False)
    job = make_job(config, stream.vocabulary.counts, optimizer, on_cpu=True)
    engine = Engine(job, lay_over(mesh, job, exchange_sums))
    chunk = Feed(stream, job.plan.chunk_tokens, engine.layout).read(0).chunk
    loss, _ = engine.train(chunk, 0, 0, np.array([0, 0.5], np.float32))
    tables = [np.asarray(table)[: len(job.keep)] for table in engine.tables()]
    return tables, [float(value) for value in loss], engine


def test_every_mesh_gives_the_same_bits(sentences):
    alone, loss, _ = chunk_of(sentences, CONFIG, None)
    assert np.abs(alone[1]).max() > 0.01
    many = [chunk_of(sentences, CONFIG, mesh) for mesh in MESHES]
    for tables, _, _ in many:
        for table, expected, first in zip(tables, alone, many[0][0], strict=True):
            np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-7)
            np.testing.assert_array_equal(table, first)
    for _, other, _ in many:
        np.testing.assert_allclose(other, loss, rtol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"row_updates": "dense"},
        {"negatives": "fresh", "window": 2, "num_negatives": 2},
        {"output_layer": "hierarchical_softmax"},
        {"output_layer": "softmax"},
        {"objective": "cbow"},
        {"subsample_formula": "percentile"},
        {"require_full_window": True, "window": 2},
        {"tokens_per_step": 544},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_every_objective_agrees_over_devices(sentences, settings):
    config = dataclasses.replace(CONFIG, **settings)
    alone, loss, _ = chunk_of(sentences, config, None)
    mesh = "3x1" if "softmax" in settings.values() else "3x2"
    tables, other, _ = chunk_of(sentences, config, mesh)
    for table, expected in zip(tables, alone, strict=True):
        np.testing.assert_allclose(table, expected, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(other, loss, rtol=1e-4)


@pytest.mark.parametrize(("mesh", "row_updates"), [("4x2", "sparse"), ("8x1", "dense")])
def test_exchanged_sums_agree_with_exchanged_rows(sentences, mesh, row_updates):
    config = dataclasses.replace(CONFIG, row_updates=row_updates)
    # Plain gradient descent, because Adam's first steps are the sign of any rounding.
    rows, _, _ = chunk_of(sentences, config, mesh, optax.sgd(0.01))
    sums, _, _ = chunk_of(sentences, config, mesh, optax.sgd(0.01), exchange_sums=True)
    for table, expected in zip(sums, rows, strict=True):
        np.testing.assert_allclose(table, expected, rtol=1e-4, atol=1e-6)
        assert np.abs(table).max() > 0.01


def test_copies_that_drifted_are_made_the_same_again(sentences):
    _, _, engine = chunk_of(sentences, CONFIG, "4x2")
    table = engine.state.input_embedding
    moved = [
        jax.device_put(np.asarray(shard.data) + 1e-3 * shard.device.id, shard.device)
        for shard in table.addressable_shards
    ]
    drifted = jax.make_array_from_single_device_arrays(table.shape, table.sharding, moved)
    expected = (
        np.asarray(table) + 1e-3 * np.where(np.arange(len(table)) < len(table) / 2, 3, 4)[:, None]
    )
    engine.state = engine.state._replace(input_embedding=drifted)
    engine.reconcile()
    copies = engine.state.input_embedding.addressable_shards
    for shard in copies:
        np.testing.assert_allclose(shard.data, expected[shard.index], rtol=1e-5)
        twin = next(s for s in copies if s.index == shard.index)
        np.testing.assert_array_equal(shard.data, twin.data)
    assert not engine.layout.copies_drift


@pytest.mark.parametrize("optimizer", [optax.adam(0.02), optax.adagrad(0.1), optax.sgd(0.01)])
def test_any_elementwise_optimizer_is_cut_like_the_tables(sentences, optimizer):
    alone, _, _ = chunk_of(sentences, CONFIG, None, optimizer)
    tables, _, engine = chunk_of(sentences, CONFIG, "2x4", optimizer)
    for table, expected in zip(tables, alone, strict=True):
        np.testing.assert_allclose(table, expected, rtol=2e-4, atol=2e-5)
    for leaf in jax.tree.leaves(engine.state):
        size = leaf.addressable_shards[0].data.size
        assert size == (leaf.size // 4 if leaf.ndim else 1)


def test_pmap_gives_the_bits_of_shard_map(sentences):
    """As somebody with a pmap loop would call the chunk."""
    expected, loss, engine = chunk_of(sentences, CONFIG, "8x1")
    job = engine.job
    stream = open_corpus(sentences, CONFIG, show_progress=False)
    chunk = Feed(stream, job.plan.chunk_tokens, Layout(None, len(job.keep))).read(0).chunk
    size = 8 * -(-job.plan.chunk_tokens // 8)
    parts = [
        np.pad(part, (0, size - part.size), constant_values=-1).reshape(8, -1) for part in chunk
    ]
    shards = Shards(len(job.keep), data=("data",))
    per_device = make_train_chunk(job, shards)
    program = jax.pmap(per_device, "data", in_axes=(0, ChunkInputs(0, None, None, None, None)))
    state = jax.tree.map(
        lambda leaf: jnp.stack([leaf] * 8), jax.jit(initial_state, static_argnums=0)(job)
    )
    inputs = ChunkInputs(
        Chunk(*parts),
        word_arrays(job),
        jax.random.key(CONFIG.seed),
        np.array([1, 0], np.int32),
        np.array([0, 0.5], np.float32),
    )
    state, measured, _ = program(state, inputs)
    assert np.array_equal(measured.total, np.full(8, loss[0], np.float32))
    for found, table in zip(
        (state.input_embedding, state.output_embedding), engine.state[:2], strict=True
    ):
        for copy in np.asarray(found):
            np.testing.assert_array_equal(copy, np.asarray(table))
    assert all(np.abs(table).max() > 0 for table in expected)


def collectives(text):
    """Kind and bytes of every communication in a compiled program."""
    sizes = {"f32": 4, "s32": 4, "u32": 4, "pred": 1}
    kinds = "all-gather|all-reduce|reduce-scatter|all-to-all|collective-permute"
    found = []
    for line in text.splitlines():
        match = re.search(rf"= (.*?) ({kinds})(-start)?\(", line)
        if match:
            shapes = re.findall(r"(\w+)\[([\d,]*)\]", match[1])
            found.append(
                (
                    match[2],
                    sum(
                        sizes[kind] * int(np.prod([int(n) for n in shape.split(",") if n]))
                        for kind, shape in shapes
                    ),
                )
            )
    return found


def big_job(vocabulary_size, **settings):
    counts = np.maximum(10**8 / (np.arange(vocabulary_size) + 2.7), 5).astype(np.int64)
    return make_job(Config(**settings), counts, None, on_cpu=False)


def test_nothing_that_travels_grows_with_the_vocabulary():
    jobs = [big_job(v, tokens_per_step=2_048, embedding_dim=16) for v in (30_000, 240_000)]
    programs = [lower_training(job, lay_over("1x8", job)).compile() for job in jobs]
    small, large = (sorted(collectives(program.as_text())) for program in programs)
    assert small == large
    assert len(small) >= 8
    in_a_step = [size for _, size in small if size != 4 * jobs[0].plan.chunk_tokens]
    assert max(in_a_step) < 30_000 * 16 * 4


@pytest.mark.parametrize("sums", [False, True], ids=["rows", "sums"])
@pytest.mark.parametrize("mesh", ["1x8", "4x2", "8x1", None])
def test_the_footprint_is_that_of_the_compiled_program(mesh, sums):
    """Memory within a tenth of what XLA reports, communication within a tenth of the program's."""
    job = big_job(400_000, embedding_dim=32, tokens_per_step=16_384)
    shape = parse_mesh(mesh or "1x1")
    footprint = dataclasses.replace(job.footprint(shape), exchange_sums=sums and shape[0] > 1)
    program = lower_training(job, lay_over(mesh, job, footprint.exchange_sums)).compile()
    memory = program.memory_analysis()
    bytes_there = memory.argument_size_in_bytes + memory.temp_size_in_bytes
    assert sum(footprint.memory().values()) == pytest.approx(bytes_there, rel=0.1)
    # Tables and moments, of which XLA says nothing by name, are the arguments that it may reuse.
    kinds = footprint.memory()
    expected = kinds["tables"] + kinds["moments"] + 2 * 4 * 400_128 // shape[1]
    assert memory.alias_size_in_bytes == pytest.approx(expected, rel=0.01)
    assert job.plan.blocks_per_step == job.plan.blocks_per_micro_batch
    assert sum(footprint.traffic().values()) == pytest.approx(
        travels_in_a_step(program, job, shape), rel=0.1
    )
    assert (footprint.traffic()["lookups"] > 0) == (shape[1] > 1)


def travels_in_a_step(program, job, shape, parts=1):
    """Bytes of a program that runs its innermost loop ``parts`` times, the others once."""
    # What goes with a chunk, not with a step, is left out: tokens and the loss.
    once = {4 * job.plan.chunk_tokens, 12}
    # A reduce-scatter gives each device a part of what it reads, which is what travels.
    times = {"all-reduce": 2, "reduce-scatter": shape[1]}
    travels = [
        (depth, size * times.get(kind, 1))
        for depth, text in depth_of_loops(program.as_text())
        for kind, size in collectives(text)
        if size not in once
    ]
    innermost = max((depth for depth, _ in travels), default=0)
    return sum(size * (parts if depth == innermost else 1) for depth, size in travels)


def depth_of_loops(text):
    """Each computation of a program, and the number of loops in which it stands."""
    bodies = dict(re.findall(r"^(?:ENTRY )?%?([\w.-]+) \(.*?\{\n(.*?)^\}", text, re.M | re.S))
    found, waiting = {}, [(re.search(r"^ENTRY %?([\w.-]+)", text, re.M)[1], 0)]
    while waiting:
        name, depth = waiting.pop()
        if depth < found.get(name, -1) or name not in bodies:
            continue
        found[name] = depth
        for kind, called in re.findall(r"(body|calls|to_apply)=%?([\w.-]+)", bodies[name]):
            waiting.append((called, depth + (kind == "body")))
    return [(depth, bodies[name]) for name, depth in found.items()]


def test_pairs_taken_in_parts_travel_as_often():
    job = big_job(4_000, embedding_dim=32, tokens_per_step=1_024, negatives="fresh", window=2)
    footprint = job.footprint((1, 8))
    program = lower_training(job, lay_over("1x8", job, footprint.exchange_sums)).compile()
    assert job.plan.blocks_per_step == job.plan.blocks_per_micro_batch
    # 2 words on each side of 32, less 6 at the ends: 122 pairs, 32 at a time.
    assert footprint.parts == 4
    for parts in (1, 4):
        expected = dataclasses.replace(footprint, parts=parts).traffic()
        travels = travels_in_a_step(program, job, (1, 8), parts)
        assert sum(expected.values()) == pytest.approx(travels, rel=0.1)


def test_parts_are_those_of_the_centers_of_a_block():
    whole = {"window_sampling": "fixed", "require_full_window": True, "window": 8}
    job = big_job(4_000, negatives="fresh", block_length=32, **whole)
    # 16 centers of 16 pairs each, 32 at a time; the other 16 words are contexts only.
    assert job.footprint((1, 1)).parts == 8
    for side in ("left", "right"):
        job = big_job(4_000, negatives="fresh", block_length=32, window=1, context_side=side)
        assert job.footprint((1, 1)).parts == 1


def test_a_step_copies_nothing_of_the_size_of_the_vocabulary():
    """Tables, moments and scratch change in place; else a step would cost what V does."""
    job = big_job(400_000, embedding_dim=32, tokens_per_step=2_048)
    for mesh, rows in ((None, 400_128), ("1x8", 50_016)):
        text = lower_training(job, lay_over(mesh, job)).compile().as_text()
        assert f"[{rows},32]" in text
        assert not re.findall(rf"= \w+\[{rows}[\],].* (?:copy|broadcast)\(.*", text)


def test_tables_and_moments_are_cut_in_memory(sentences):
    _, _, engine = chunk_of(sentences, CONFIG, "1x8")
    rows = 768 // 8
    for leaf in jax.tree.leaves(engine.state):
        if leaf.ndim:
            assert {shard.data.shape[0] for shard in leaf.addressable_shards} == {rows}


def test_no_device_ever_holds_a_whole_table():
    """Not when tables are made, and not when they are put in the order of the words."""
    job = big_job(400_000, embedding_dim=32)
    layout = lay_over("1x8", job)
    table = 400_128 * 32 * 4
    shardings = jax.tree.map(lambda s: s.sharding, layout.shapes(lambda: initial_state(job)))
    made = jax.jit(lambda: initial_state(job), out_shardings=shardings).lower().compile()
    memory = made.memory_analysis()
    assert memory.temp_size_in_bytes < table / 2
    assert memory.output_size_in_bytes < 3.1 * 2 * table / 8
    engine = Engine(job, layout)
    part = engine.state.input_embedding
    program = engine._in_word_order.lower(part).compile()
    assert program.memory_analysis().temp_size_in_bytes < table / 2
    assert max(size for _, size in collectives(program.as_text())) < table / 8
    ordered = np.asarray(engine.tables()[0])
    assert not ordered[400_000:].any()
    alone = jax.jit(initial_state, static_argnums=0)(job).input_embedding
    for word in (0, 1, 77, 399_999):
        expected = alone[int(engine.layout.shards.rows(word))]
        np.testing.assert_array_equal(ordered[word], expected)


def test_vectors_of_cut_tables_are_those_of_whole_ones(sentences, tmp_path):
    config = dataclasses.replace(CONFIG, epochs=2, probe_words=("w1",))
    whole = train(sentences, config, show_progress=False)
    cut = train(sentences, config, mesh="2x4", out=tmp_path, show_progress=False)
    assert isinstance(cut.vectors, jax.Array)
    np.testing.assert_array_equal(cut.vectors[:700], whole.vectors)
    metrics = (tmp_path / "metrics.jsonl").read_text()
    assert metrics.count("\n") == 2


@pytest.mark.parametrize("text", ["3", "0x2", "axb", "2x3", "1x512", "2x2x2", ""])
def test_a_mesh_of_another_form_is_refused(text):
    with pytest.raises(InputError, match="mesh is"):
        parse_mesh(text)


def test_a_mesh_that_does_not_match_is_refused(sentences, monkeypatch):
    for mesh, message in (
        ("16x1", "needs 16 devices and there are 8"),
        ("1x2", "which scores every word"),
    ):
        settings = {"output_layer": "softmax"} if mesh == "1x2" else {}
        config = dataclasses.replace(CONFIG, **settings)
        with pytest.raises(InputError, match=message):
            train(sentences, config, mesh=mesh, show_progress=False)
    few = dataclasses.replace(CONFIG, tokens_per_step=128)
    with pytest.raises(InputError, match="8 devices, more than the 4 blocks of a step"):
        train(sentences, few, mesh="8x1", show_progress=False)
    by_all_rows = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.02))
    with pytest.raises(InputError, match="elementwise"):
        train(sentences, CONFIG, mesh="1x2", optimizer=by_all_rows, show_progress=False)


def test_tables_that_do_not_fit_name_a_mesh_that_would(monkeypatch):
    monkeypatch.setattr(meshes, "memory_of", lambda device: 2**30)

    def bytes_on(shape):
        return 10 * 2**30 // shape[1]

    with pytest.raises(InputError, match=r"10.0 GiB .* mesh 8x1.* --mesh 1x16 would fit"):
        choose_mesh("8x1", 64, bytes_on)
    with pytest.raises(InputError, match="smaller --embedding-dim"):
        choose_mesh("8x1", 64, lambda shape: 2**31)
    with pytest.raises(InputError, match="smaller --embedding-dim"):
        choose_mesh(None, 64, bytes_on, can_cut=False)
    assert choose_mesh(None, 64, lambda shape: 2**20) is None


class Accelerator:
    platform = "gpu"


def test_without_a_wish_tables_are_cut_as_little_as_memory_demands(monkeypatch):
    made = []
    monkeypatch.setattr(jax, "devices", lambda: [Accelerator()] * 8)
    monkeypatch.setattr(jax, "make_mesh", lambda shape, *_, **__: made.append(shape))
    monkeypatch.setattr(meshes, "memory_of", lambda device: 2**30)
    choose_mesh(None, 64, lambda shape: 2**30)
    choose_mesh(None, 64, lambda shape: 3 * 2**30 // shape[1])
    choose_mesh(None, 6, lambda shape: 2**30)
    assert made == [(8, 1), (2, 4), (6, 1)]
    assert shapes_of(6) == [(6, 1), (3, 2)]
