"""Counts from a compiler's text, against programs whose work is known."""

import jax
import jax.numpy as jnp
import pytest

from jaxw2v.training.ahead.program_text import Program

TEXT = """HloModule made_up

%body (p: (s32[], f32[64,8])) -> (s32[], f32[64,8]) {
  %p = (s32[], f32[64,8]{1,0}) parameter(0)
  %n = s32[] get-tuple-element(%p), index=0
  %table = f32[64,8]{1,0} get-tuple-element(%p), index=1
  %ids = s32[16]{0} custom-call(%n), custom_call_target="draw"
  %rows = f32[16,8]{1,0} fusion(%table, %ids), kind=kLoop, calls=%gathered
  %inner = (s32[], f32[16,8]{1,0}) tuple(%n, %rows)
  %loop = (s32[], f32[16,8]{1,0}) while(%inner), condition=%three, body=%twice
  %done = f32[16,8]{1,0} get-tuple-element(%loop), index=1
  %either = f32[16,8]{1,0} conditional(%n, %done, %done), branch_computations={%one, %none}
  %copy-start = (f32[16,8]{1,0:T(8,128)S(1)}, f32[16,8]{1,0}, u32[]) copy-start(%either)
  %copy-done = f32[16,8]{1,0:T(8,128)S(1)} copy-done(%copy-start)
  %all = f32[32,8]{1,0} all-gather(%either), dimensions={0}
  %part = f32[8,8]{1,0} reduce-scatter(%either), to_apply=%add
  %new = f32[64,8]{1,0} scatter(%table, %ids, %either), to_apply=%add
  ROOT %out = (s32[], f32[64,8]{1,0}) tuple(%n, %new)
}

%gathered (a: f32[64,8], b: s32[16]) -> f32[16,8] {
  %a = f32[64,8]{1,0} parameter(0)
  %b = s32[16]{0} parameter(1)
  ROOT %g = f32[16,8]{1,0} gather(%a, %b), offset_dims={1}
}

%twice (p: (s32[], f32[16,8])) -> (s32[], f32[16,8]) {
  %p = (s32[], f32[16,8]{1,0}) parameter(0)
  %x = f32[16,8]{1,0} get-tuple-element(%p), index=1
  %y = f32[16,8]{1,0} negate(%x)
  %z = f32[16,8]{1,0} exponential(%y)
  ROOT %t = (s32[], f32[16,8]{1,0}) tuple(%p, %z)
}

%three (p: (s32[], f32[16,8])) -> pred[] {
  %p = (s32[], f32[16,8]{1,0}) parameter(0)
  %n = s32[] get-tuple-element(%p), index=0
  %limit = s32[] constant(3)
  ROOT %less = pred[] compare(%n, %limit), direction=LT
}

%one (p: f32[16,8]) -> f32[16,8] {
  %p = f32[16,8]{1,0} parameter(0)
  ROOT %n = f32[16,8]{1,0} negate(%p)
}

%none (p: f32[16,8]) -> f32[16,8] {
  ROOT %p = f32[16,8]{1,0} parameter(0)
}

%until (p: (s32[], f32[64,8])) -> pred[] {
  %p = (s32[], f32[64,8]{1,0}) parameter(0)
  %n = s32[] get-tuple-element(%p), index=0
  ROOT %more = pred[] compare(%n, %n), direction=LT
}

ENTRY %main (table: f32[64,8]) -> f32[64,8] {
  %table = f32[64,8]{1,0} parameter(0)
  %zero = s32[] constant(0)
  %sorted = f32[64,8]{1,0} sort(%table), dimensions={0}
  %start = (s32[], f32[64,8]{1,0}) tuple(%zero, %sorted)
  %steps = (s32[], f32[64,8]{1,0}) while(%start), condition=%until, body=%body
  ROOT %end = f32[64,8]{1,0} get-tuple-element(%steps), index=1
}
"""


@pytest.fixture
def body():
    program = Program(TEXT)
    (name,) = program.steps_loop().computations("body")
    return program, list(program.leaves(name))


def test_leaves_are_counted_through_loops_and_branches(body):
    program, leaves = body
    times = {operation.name: times for _, operation, times in leaves}
    # A draw, a gather, three rounds of two and their condition, a branch, three that move rows.
    assert sum(times.values()) == 1 + 1 + 3 * (2 + 1) + (1 + 1) + 3
    assert times["y"] == 3
    assert "copy-start" not in times
    whole = [times for _, _, times in program.leaves(program.entry)]
    # And the sort, and the condition of the loop over the steps.
    assert sum(whole) == sum(times.values()) + 2


def test_rounds_are_known_or_not():
    program = Program(TEXT)
    rounds = [program.rounds(loop) for loop in program.loops(program.entry)]
    assert rounds == [None, 3]


def test_collectives_count_their_larger_side(body):
    program, leaves = body
    bytes_of = {o.name: program.collective_bytes(o, where) for where, o, _ in leaves}
    assert bytes_of["all"] == 32 * 8 * 4
    assert bytes_of["part"] == 16 * 8 * 4
    assert sum(bytes_of.values()) == 32 * 8 * 4 + 16 * 8 * 4


def test_rows_that_are_picked_count_and_not_their_table(body):
    program, leaves = body
    row_bytes = {o.name: program.row_bytes(o, where, 8) for where, o, _ in leaves}
    row = 8 * 4
    # Gathered: read and written. Scattered: read, and the row there read and written.
    assert row_bytes["rows"] == 2 * 16 * row
    assert row_bytes["new"] == 3 * 16 * row
    assert row_bytes["y"] == 2 * 16 * row
    assert row_bytes["ids"] == 0


def test_a_real_program_has_the_loops_that_were_written():
    def double(n, x):
        def once(i, x):
            return jax.lax.fori_loop(0, 5, lambda j, x: jnp.sin(x) @ x, x)

        return jax.lax.fori_loop(0, n, once, x)

    compiled = jax.jit(double).lower(jnp.int32(0), jnp.ones((64, 64))).compile()
    program = Program(compiled.as_text())
    assert sorted(map(str, map(program.rounds, program.loops(program.entry)))) == ["5", "None"]
    (inside,) = program.steps_loop().computations("body")
    products = [times for _, o, times in program.leaves(inside) if o.kind in ("dot", "fusion")]
    assert max(products) == 5
