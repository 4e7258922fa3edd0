"""The footprint is what compiled programs take and send."""

import dataclasses
import re

import pytest
from compiled import big_job, collectives, lay_over

from jaxw2v.devices.mesh import parse_mesh
from jaxw2v.devices.storage_order import num_rows
from jaxw2v.training.step.program import lower_training


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mesh", "dim", "sums"),
    [
        (None, 32, False),
        ("1x8", 32, False),
        ("1x1x8", 200, False),
        pytest.param("4x2", 200, False, marks=pytest.mark.lengthy),
        pytest.param("4x2", 200, True, marks=pytest.mark.lengthy),
        pytest.param("8x1", 32, False, marks=pytest.mark.lengthy),
        ("8x1", 32, True),
        pytest.param("2x2x2", 200, False, marks=pytest.mark.lengthy),
        ("2x2x2", 200, True),
    ],
)
def test_the_footprint_is_that_of_the_compiled_program(mesh, dim, sums):
    """Memory within a tenth of what XLA reports, communication within a tenth of the program's."""
    job = big_job(400_000, embedding_dim=dim, tokens_per_step=16_384)
    shape = parse_mesh(mesh or "1x1")
    footprint = dataclasses.replace(job.footprint(shape), exchange_sums=sums)
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
    assert (footprint.traffic()["scores"] > 0) == (shape[2] > 1)


@pytest.mark.slow
@pytest.mark.parametrize("mesh", [pytest.param("4x1", marks=pytest.mark.lengthy), "1x4", None])
def test_scores_of_all_words_are_counted(mesh):
    job = big_job(100_000, embedding_dim=64, tokens_per_step=16_384, output_layer="softmax")
    footprint = job.footprint(parse_mesh(mesh or "1x1"))
    program = lower_training(job, lay_over(mesh, job, footprint.exchange_sums)).compile()
    memory = program.memory_analysis()
    bytes_there = memory.argument_size_in_bytes + memory.temp_size_in_bytes
    assert sum(footprint.memory().values()) == pytest.approx(bytes_there, rel=0.25)


def test_a_cpu_holds_tables_and_vectors_at_the_end_of_an_epoch():
    job = big_job(400_000, embedding_dim=300, tokens_per_step=256)
    footprint, table = job.footprint((1, 1, 1)), num_rows(400_000) * 300 * 4
    memory = footprint.memory()
    assert memory["step"] < table
    others = sum(memory.values()) - memory["step"]
    assert (footprint.peak, footprint.peak_on_cpu) == (others + table, others + 2 * table)
    sharded = job.footprint((1, 8, 1))
    assert sharded.peak == sharded.peak_on_cpu


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


@pytest.mark.slow
def test_pairs_taken_in_parts_travel_as_often():
    job = big_job(4_000, embedding_dim=32, tokens_per_step=1_024, negatives="fresh", window=2)
    footprint = job.footprint((1, 8, 1))
    program = lower_training(job, lay_over("1x8", job, footprint.exchange_sums)).compile()
    assert job.plan.blocks_per_step == job.plan.blocks_per_micro_batch
    # 2 words on each side of 32, less 6 at the ends: 122 pairs, 32 at a time.
    assert footprint.parts == 4
    for parts in (1, 4):
        expected = dataclasses.replace(footprint, parts=parts).traffic()
        travels = travels_in_a_step(program, job, (1, 8, 1), parts)
        assert sum(expected.values()) == pytest.approx(travels, rel=0.1)


def test_parts_are_those_of_the_centers_of_a_block():
    whole = {"window_sampling": "fixed", "require_full_window": True, "window": 8}
    job = big_job(4_000, negatives="fresh", block_length=32, **whole)
    # 16 centers of 16 pairs each, 32 at a time; the other 16 words are contexts only.
    assert job.footprint((1, 1, 1)).parts == 8
    for side in ("left", "right"):
        job = big_job(4_000, negatives="fresh", block_length=32, window=1, context_side=side)
        assert job.footprint((1, 1, 1)).parts == 1
