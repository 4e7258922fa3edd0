"""The step, chunks of steps, the loop around them, and the main job."""

from jaxw2v.training.optimizer import default_optimizer, linear_decay, scale_by_progress
from jaxw2v.training.processes import is_first
from jaxw2v.training.run import train
from jaxw2v.training.trainer import fit

__all__ = ["default_optimizer", "fit", "is_first", "linear_decay", "scale_by_progress", "train"]
