"""Layouts of small tables over the eight devices of the tests."""

from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import choose_mesh

WORDS, DIM = 700, 6


def layout_of(mesh, **options):
    made = mesh and choose_mesh(mesh, 64, lambda shape: 0)
    return Layout(made, WORDS, DIM, **options)
