"""What can be trained: an input layer (``Config.objective``) and an output layer, by name."""

from __future__ import annotations

from typing import NamedTuple

from jaxw2v.config import Config
from jaxw2v.training.objectives.exact_softmax import ExactSoftmax
from jaxw2v.training.objectives.fresh_negatives import FreshNegatives
from jaxw2v.training.objectives.huffman_softmax import HuffmanSoftmax
from jaxw2v.training.objectives.input_layer import (
    ContinuousBagOfWords,
    InputLayer,
    SkipGram,
)
from jaxw2v.training.objectives.output_layer import OutputLayer
from jaxw2v.training.objectives.shared_negatives import SharedNegatives


class Objective(NamedTuple):
    """What is minimised.

    Attributes:
      input_layer: turns input rows into hidden vectors.
      output_layer: predicts words from them.
      expected_window: W, where pairs have the weights of
        :func:`jaxw2v.sampling.expected_mask` instead of windows that are drawn; ``None`` draws.
    """

    input_layer: InputLayer
    output_layer: OutputLayer
    expected_window: int | None = None


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
    draws = config.window_sampling == "dynamic" and not config.require_full_window
    return Objective(
        INPUT_LAYERS[config.objective](config),
        layer,
        config.window if by_weight and draws else None,
    )


__all__ = ["INPUT_LAYERS", "OUTPUT_LAYERS", "Objective", "OutputLayer", "make_objective"]
