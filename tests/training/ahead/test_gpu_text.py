"""What a GPU's compiler leaves, against texts whose counts are known."""

from jaxw2v.training.ahead.gpu_text import compare_and_swaps, float_atomics, host_reads


def test_what_lies_in_a_command_buffer_is_not_read_by_the_host():
    thunks = """000: kCommandBuffer [source | next=001 (1)]
    001: kWhile [prev=000]
    body:
        002: kConditional [source]
003: kWhile [prev=000]
condition:
body:
    004: kCommandBuffer [source]
        005: kConditional [source]
    006: kConditional [source]
"""
    assert host_reads(thunks) == (1, 1)


def test_compare_and_swap_is_told_from_atomic_addition():
    assert compare_and_swaps("red.global.add.f32 [%rd1], %f1;\natom.global.v4.f32.add ...") == 0
    assert compare_and_swaps("atom.relaxed.global.cas.b64 %a, [%b], %c, %d;") == 1


def test_additions_of_floats_are_told_from_other_atomics():
    floats = "red.global.add.f32 [%a], %f1;\natom.relaxed.gpu.global.add.noftz.bf16x2 %b, [%c], %d;"
    assert float_atomics(floats + "\natom.global.v4.f32.add ...") == 3
    assert float_atomics("atom.global.add.u32 %r1, [%a], %r2;\nred.global.max.s32 [%a], %r;") == 0
