"""What can be trained: an input layer (``Config.objective``) and an output layer, by name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jaxw2v.config import Config
from jaxw2v.errors import InputError
from jaxw2v.training.objectives.exact_softmax import ExactSoftmax
from jaxw2v.training.objectives.fresh_negatives import FreshNegatives
from jaxw2v.training.objectives.huffman_softmax import HuffmanSoftmax
from jaxw2v.training.objectives.input_layer import (
    ContinuousBagOfWords,
    InputLayer,
    SkipGram,
)
from jaxw2v.training.objectives.output_layer import Arrays, OutputLayer
from jaxw2v.training.objectives.shared_negatives import SharedNegatives
from jaxw2v.training.objectives.windows import DrawnWindows, ExpectedWindows, Windows


class Objective(NamedTuple):
    """What is minimised: a loss of each pair of tokens, summed over all pairs of a text.

    ``train``, ``fit`` and ``make_job`` take one of the user's own, in which any of the three may be
    a class of his own; ``tests/training/objectives/test_own_objective.py`` shows GloVe's.

    Attributes:
      input_layer: turns rows of the input table into hidden vectors.
      output_layer: predicts words from them by rows of the output table.
      windows: which tokens form pairs, and how much a pair counts; ``None`` takes those of the
        settings.
    """

    input_layer: InputLayer
    output_layer: OutputLayer
    windows: Windows | None = None

    def across(self, vocab: tuple[str, ...], dim: tuple[str, ...]) -> Objective:
        """This objective where devices hold parts of the tables.

        Args:
          vocab: the mesh axes along which they hold some rows.
          dim: the mesh axes along which they hold some columns of every row.

        Returns:
          The objective.

        Raises:
          InputError: one of its layers needs whole tables, or whole rows.
        """
        layer = self.output_layer
        if dim and not self.input_layer.by_columns:
            raise InputError(
                f"input layer {type(self.input_layer).__name__} needs whole rows, and a mesh "
                "DATAxVOCABxDIM shares out their columns; give a --mesh DATAxVOCAB"
            )
        layer = layer.across_rows(vocab) if vocab else layer
        return self._replace(output_layer=layer.across(dim) if dim else layer)

    def constants(self, counts: np.ndarray) -> LayerConstants:
        """What both layers make of the vocabulary.

        Args:
          counts: int [V], occurrences.

        Returns:
          The constants.
        """
        return LayerConstants(
            self.input_layer.constants(counts), self.output_layer.constants(counts)
        )


class LayerConstants(NamedTuple):
    """Arrays that layers made of the vocabulary, such as the noise distribution.

    Attributes:
      input: a pytree, of the input layer.
      output: a pytree, of the output layer.
    """

    input: Arrays = ()
    output: Arrays = ()


def _negative_sampling(config: Config) -> OutputLayer:
    noise = config.noise_exponent, config.noise_table_size, config.num_negatives
    if config.negatives == "shared":
        return SharedNegatives(*noise, config.shared_negatives)
    return FreshNegatives(*noise)


INPUT_LAYERS = {
    "skipgram": lambda config: SkipGram(),
    "cbow": lambda config: ContinuousBagOfWords(config.cbow_combine),
}
OUTPUT_LAYERS = {
    "negative_sampling": _negative_sampling,
    "softmax": lambda config: ExactSoftmax(),
    "hierarchical_softmax": lambda config: HuffmanSoftmax(),
}


def make_objective(config: Config) -> Objective:
    """Builds what the settings name.

    Args:
      config: the settings.

    Returns:
      The objective.

    Example:
      >>> make_objective(Config(objective="cbow")).input_layer
      ContinuousBagOfWords(combine='mean')
    """
    layer = OUTPUT_LAYERS[config.output_layer](config)
    by_weight = config.objective == "skipgram" and layer.takes_weights
    windows = make_windows(config, by_weight)
    return Objective(INPUT_LAYERS[config.objective](config), layer, windows)


def make_windows(config: Config, by_weight: bool = False) -> Windows:
    """The windows that the settings name.

    Args:
      config: the settings.
      by_weight: whether pairs may be weighted instead of drawn.

    Returns:
      The windows.

    Example:
      >>> make_windows(Config(window=3, window_sampling="fixed"))
      Windows(window=3, side='both', require_full_window=False)
    """
    kind = Windows
    if config.window_sampling == "dynamic":
        # Of weighted windows none is whole.
        weighted = by_weight and not config.require_full_window
        kind = ExpectedWindows if weighted else DrawnWindows
    return kind(config.window, config.context_side, config.require_full_window)


__all__ = [
    "INPUT_LAYERS",
    "OUTPUT_LAYERS",
    "InputLayer",
    "LayerConstants",
    "Objective",
    "OutputLayer",
    "Windows",
    "make_objective",
    "make_windows",
]
