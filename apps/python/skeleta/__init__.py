"""skeleta: the integral loss of toy autoencoders on sparse data, exact and sampled, skeleton by skeleton.

>>> import numpy, skeleta
>>> W = numpy.array([[1.0, 0.3, -0.8], [0.0, 0.95, -0.6]])
>>> found = skeleta.loss(W, bias=numpy.zeros(3), density=0.05)
>>> found.met_target
True

W is [hidden, feature] throughout, and a bias is added before the ReLU, as in PyTorch. skeleta.torch has
the loss as a function of tensors, skeleta.files and skeleta.figures read and draw run files; these three
import torch, h5py with xarray, and matplotlib, which nothing else here does.
"""

import os

from . import _core, linear, thomson
from ._command import Result, approximate, basins, certify, dictionary, spectrum, sweep, train
from ._estimate import Estimate, Integral, estimate, integrate, sample
from ._geometry import congruence, geometry
from ._law import Law
from ._loss import Evaluator, Gradient, Loss, loss, loss_and_gradient
from ._model import Model, from_npz, from_safetensors, from_state_dict, read_model, save_model

__version__ = _core.version

__all__ = ["Estimate", "Evaluator", "Gradient", "Integral", "Law", "Loss", "Model", "Result", "approximate",
           "basins", "certify", "congruence", "dictionary", "estimate", "from_npz", "from_safetensors", "from_state_dict",
           "geometry", "integrate", "linear", "loss", "loss_and_gradient", "open", "read_model", "sample",
           "save_model", "spectrum", "sweep", "thomson", "train"]


def open(path):  # noqa: A001  skeleta.open is the name
    """A run file as skeleta.files.open reads it (needs h5py and xarray), a model file as a Model."""
    import h5py

    path = os.fsdecode(path)
    try:
        with h5py.File(path) as file:
            kind = file.attrs.get("filetype", "")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    if isinstance(kind, str) and kind.startswith("skeleta ") and kind != "skeleta model":
        from . import files

        return files.open(path)
    return read_model(path)
