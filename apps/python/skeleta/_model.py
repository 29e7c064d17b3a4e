"""Models: from PyTorch's state dictionaries, .npz and .safetensors files, and skeleta's own files."""

import contextlib
import json
import os
import threading
import warnings
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from . import _core
from ._law import Law, law_of


@dataclass(frozen=True, eq=False)
class Model:
    """A toy autoencoder x -> act(decoder W x + bias), or several of one shape. Raises ValueError as skeleta.loss does.

    >>> Model(W=[[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    Model of 3 features in 2 hidden dimensions
    """

    W: np.ndarray  #: [hidden, feature] or [instance, hidden, feature]
    bias: "np.ndarray | None" = None  #: [feature] or [instance, feature], added before the activation
    decoder: "np.ndarray | None" = None  #: [feature, hidden]; None: the transpose of W
    activation: str = "relu"  #: relu, identity or jumprelu
    jump: "np.ndarray | None" = None  #: [feature]: of jumprelu
    noise: float = 0.0  #: standard deviation of the noise in each hidden dimension
    density: "np.ndarray | None" = None  #: [feature], where the file says so
    importance: "np.ndarray | None" = None  #: [feature], likewise
    law: "Law | None" = None  #: of the data, where the file has one
    layout: str = "W [hidden, feature]"  #: how the arrays were read

    def __post_init__(self):
        compiled(self.W, self.bias, None, self.density, self.importance, self.law, self.decoder, self.activation,
                 self.jump, self.noise)
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("W", "bias", "decoder", "jump", "density", "importance") and value is not None:
                object.__setattr__(self, field.name, np.asarray(value, dtype=np.float64))

    @property
    def features(self) -> int:
        return self.W.shape[-1]

    @property
    def hidden(self) -> int:
        return self.W.shape[-2]

    def __getitem__(self, instance: int) -> "Model":
        """One of several instances."""
        if self.W.ndim == 2:
            raise IndexError("there is one model, not several instances")

        def own(array, axes):
            return array[instance] if array is not None and array.ndim == axes else array

        return Model(self.W[instance], own(self.bias, 2), own(self.decoder, 3), self.activation,
                     own(self.jump, 2), self.noise, own(self.density, 2), own(self.importance, 2),
                     self.law, self.layout)

    def __repr__(self) -> str:
        count = f"{self.W.shape[0]} models" if self.W.ndim == 3 else "Model"
        read = "" if self.layout == "W [hidden, feature]" else f", read as {self.layout}"
        return f"{count} of {self.features} features in {self.hidden} hidden dimensions{read}"


def compiled(W, bias, threshold, density, importance, law, decoder, activation, jump, noise):
    """These, for the compiled part, whether or not the data are said. Raises ValueError for what is no model."""
    data = 0.0 if density is None and law is None else density
    task = _core.Problem(W, bias, threshold, data, None, importance, law_of(law), decoder, activation, jump, noise)
    task.validate()
    return task


def model_of(W, bias, threshold, decoder, activation, jump, noise):
    """The arguments that say a model, with what a Model brings."""
    if not isinstance(W, Model):
        return W, bias, threshold, decoder, activation, jump, noise
    W, bias, threshold, *_, decoder, activation, jump, noise = unpacked(
        W, bias, threshold, None, None, None, None, decoder, activation, jump, noise)
    return W, bias, threshold, decoder, activation, jump, noise


def unpacked(W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise):
    """These arguments with what a Model brings: the model is its own, the data are where no others are given.

    Raises ValueError if a part of the model is given beside it.
    """
    if not isinstance(W, Model):
        return W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise
    if any(given is not None for given in (bias, threshold, decoder, jump)) or activation != "relu" or noise != 0.0:
        raise ValueError("the model brings its own bias, decoder, activation and noise: give W alone for others")
    if density is None and sparsity is None and law is None:
        density, law = W.density, W.law
    return (W.W, W.bias, None, density, sparsity, W.importance if importance is None else importance, law, W.decoder,
            W.activation, W.jump, W.noise)


AXES = {"hidden,feature": False, "feature,hidden": True}  # is it to be transposed?


def as_array(value) -> np.ndarray:
    """Of a tensor or an array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value if value.is_complex() else value.double()).numpy()  # NumPy has no bfloat16
    return np.asanyarray(value)


def turned(array, axes: str, name: str) -> np.ndarray:
    if axes not in AXES:
        raise ValueError(f"axes '{axes}' is none of {', '.join(AXES)}")
    if array.ndim not in (2, 3):
        raise ValueError(f"{name} has shape {array.shape}, but must have 2 axes, or 3 with instances first")
    return np.swapaxes(array, -1, -2) if AXES[axes] else array


# Names of known layouts: of the weights and their axes, of the decoder and its axes, of the output's
# bias, and of a bias of the hidden dimensions, which must be 0.
LAYOUTS = {
    # Toy Models of Superposition, the notebook: W [instance, feature, hidden], b_final.
    "toy-models": ("W", "feature,hidden", None, None, "b_final", None),
    # Sparse autoencoders: x @ W_enc + b_enc, h @ W_dec + b_dec.
    "W_enc/W_dec": ("W_enc", "feature,hidden", "W_dec", "hidden,feature", "b_dec", "b_enc"),
    # torch.nn.Linear: weight [out, in].
    "linear": ("encoder.weight", "hidden,feature", "decoder.weight", "feature,hidden", "decoder.bias",
               "encoder.bias"),
}


def from_state_dict(state, *, axes=None, layout=None, tied=None, b=None) -> Model:
    """The model of a PyTorch state dictionary, or of any mapping of names to arrays.

    Known layouts, each told by its names: 'toy-models' (W [instance, feature, hidden], b_final),
    'W_enc/W_dec' (W_enc [feature, hidden], W_dec [hidden, feature], b_dec; b_enc must be 0) and
    'linear' (encoder.weight, decoder.weight, decoder.bias of torch.nn.Linear). For W with b, bias or
    threshold, `axes` says which way W lies, 'hidden,feature' or 'feature,hidden': it is not guessed
    from the shape. `axes` wins over the layout's, for the first matrix. A bias is added, a threshold
    subtracted; for the name b, which has meant both, b='bias' or b='threshold' says which. What was read
    how is in `.layout`; of names that are not read a warning tells.

    tied: False keeps a decoder that equals the encoder's transpose; by default it is left out.
    Raises ValueError for names or shapes that fit no layout.

    >>> import numpy as np
    >>> state = {"W": np.zeros((1, 5, 2)), "b_final": np.zeros((1, 5))}
    >>> from_state_dict(state)
    1 models of 5 features in 2 hidden dimensions, read as toy-models: W [instance, feature, hidden]
    >>> from_state_dict({"W": np.eye(3), "bias": np.zeros(3)}, axes="hidden,feature").features
    3
    """
    arrays = {name: as_array(value) for name, value in state.items()}
    if layout is None:
        layout = next((name for name, row in LAYOUTS.items() if row[0] in arrays and row[4] in arrays), None)
    if layout is not None:
        return of_layout(arrays, layout, axes, tied)
    if "W" not in arrays:
        raise ValueError(f"no known layout has the names {', '.join(arrays)}: rename them to W [hidden, "
                         "feature] and bias, or say layout='" + "', '".join(LAYOUTS) + "'")
    if axes is None:
        raise ValueError(f"which way does W of shape {arrays['W'].shape} lie? Say axes='hidden,feature' "
                         "or axes='feature,hidden'")
    W = turned(arrays["W"], axes, "W")
    offsets = [name for name in ("bias", "threshold", "b") if name in arrays]
    if len(offsets) > 1:
        raise ValueError(f"{' and '.join(offsets)} are there: leave one")
    bias, words = None, ""
    for name in offsets:
        sign = meaning_of_b(b) if name == "b" else name
        bias = arrays[name] if sign == "bias" else 0.0 - arrays[name]  # also of unsigned numbers
        words = f", {name} {'added' if sign == 'bias' else 'subtracted'}"
    tell_unread(arrays, {"W", "density", "importance", *offsets})
    return Model(W, bias, density=arrays.get("density"), importance=arrays.get("importance"),
                 layout=f"W [{axes.replace(',', ', ')}]{words}")


def meaning_of_b(b) -> str:
    if b not in ("bias", "threshold"):
        raise ValueError("is b added, as PyTorch's bias is, or subtracted, as a threshold? Say b='bias' or "
                         "b='threshold'")
    return b


def tell_unread(arrays, known) -> None:
    unread = [name for name in arrays if name not in known]
    if unread:
        warnings.warn(f"not read, the model has no such part: {', '.join(unread)}", stacklevel=4)


def of_layout(arrays, layout, axes, tied) -> Model:
    if layout not in LAYOUTS:
        raise ValueError(f"layout '{layout}' is none of {', '.join(LAYOUTS)}")
    weights, usual, decoder, decoder_axes, bias, hidden_bias = LAYOUTS[layout]
    for name in (weights, bias):
        if name not in arrays:
            raise ValueError(f"layout '{layout}' has {name}, but here are {', '.join(arrays)}")
    W = turned(arrays[weights], axes or usual, weights)
    out = None
    if decoder is not None and decoder in arrays:
        other = "feature,hidden" if decoder_axes == "hidden,feature" else "hidden,feature"
        out = turned(arrays[decoder], other, decoder)  # [feature, hidden]
        if tied is not False and np.array_equal(out, np.swapaxes(W, -1, -2)):
            out = None
    if hidden_bias in arrays and np.any(arrays[hidden_bias] != 0.0):
        raise ValueError(f"{hidden_bias} is not 0: a bias of the hidden dimensions is not in this model")
    stacked = "instance, " if W.ndim == 3 else ""
    words = f"{layout}: {weights} [{stacked}{(axes or usual).replace(',', ', ')}]"
    if decoder in arrays:
        words += f", {decoder} [{stacked}{decoder_axes.replace(',', ', ')}]"
    tell_unread(arrays, {weights, decoder, bias, hidden_bias})
    return Model(W, arrays[bias], decoder=out, layout=words)


def from_npz(path, *, axes=None, layout=None, tied=None, b=None) -> Model:
    """The model of a .npz file of numpy; see from_state_dict. Raises ValueError if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (ValueError, TypeError, AttributeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{os.fsdecode(path)}: is no .npz file of arrays, or damaged: {error}") from None
    return from_state_dict(arrays, axes=axes, layout=layout, tied=tied, b=b)


SAFETENSORS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1",
               "U8": "<u1", "BOOL": "?", "BF16": None}


def from_safetensors(path, *, axes=None, layout=None, tied=None, b=None) -> Model:
    """The model of a .safetensors file; see from_state_dict. Raises ValueError if it is damaged."""
    path = os.fsdecode(path)
    data = Path(path).read_bytes()
    if len(data) < 8 or int.from_bytes(data[:8], "little") > len(data) - 8:
        raise ValueError(f"{path}: is no safetensors file: its header does not fit into it")
    begin = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:begin])
        arrays = {name: safetensor(data[begin:], entry) for name, entry in header.items()
                  if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: is no safetensors file, or damaged: {error}") from None
    return from_state_dict(arrays, axes=axes, layout=layout, tied=tied, b=b)


def safetensor(data: bytes, entry: dict) -> np.ndarray:
    first, last = entry["data_offsets"]
    kind = entry["dtype"]
    if kind not in SAFETENSORS:
        raise ValueError(f"its type {kind} is none of {', '.join(SAFETENSORS)}")
    if not 0 <= first <= last <= len(data):
        raise ValueError(f"its numbers from byte {first} to {last} are not in the file")
    piece = data[first:last]
    if kind == "BF16":  # the upper half of a float32
        values = (np.frombuffer(piece, "<u2").astype("<u4") << 16).view("<f4")
    else:
        values = np.frombuffer(piece, SAFETENSORS[kind])
    return values.reshape(entry["shape"])


def save_model(path, W, bias=None, *, threshold=None, density=None, importance=None, law=None, decoder=None,
               activation="relu", jump=None, noise=0.0) -> None:
    """Writes a model file, which every command of the program reads. It replaces the file, once it is complete.

    W [hidden, feature] or [instance, hidden, feature], or a Model; bias [feature] (added, as PyTorch
    has it) or threshold (subtracted); the other arguments are those of skeleta.loss, and need not be given.
    Needs h5py. Raises ValueError as skeleta.loss does, OSError if the file cannot be written.
    """
    import h5py

    W, bias, threshold, density, _, importance, law, decoder, activation, jump, noise = unpacked(
        W, bias, threshold, density, None, importance, law, decoder, activation, jump, noise)
    task = compiled(W, bias, threshold, density, importance, law, decoder, activation, jump, noise)
    W = np.asarray(W, dtype=np.float64)
    stack, features, hidden = W.shape[:-2], W.shape[-1:], W.shape[-2:-1]
    thresholds, name = (bias, "bias") if threshold is None else (threshold, "b")
    arrays = {"W": W, name: in_full(0.0 if thresholds is None else thresholds, stack + features)}
    if decoder is not None:
        arrays["W_out"] = in_full(decoder, stack + features + hidden)
    if jump is not None:
        arrays["jump"] = in_full(jump, stack + features)
    if activation != "relu":
        arrays["activation"] = np.full(stack, task.activation, dtype=np.uint8)
    if noise != 0.0:
        arrays["noise"] = np.full(stack, noise)
    if law is not None:
        arrays.update(law_of(law).datasets())
    for name, values in (("density", density), ("importance", importance)):
        if values is not None:
            arrays[name] = in_full(values, (stack if np.ndim(values) == 2 else ()) + features)
    path = os.fsdecode(path)
    unfinished = f"{path}.tmp-{os.getpid()}-{threading.get_ident()}"
    try:
        with h5py.File(unfinished, "w") as file:
            for name, array in arrays.items():
                file[name] = array
        os.replace(unfinished, path)
    finally:
        with contextlib.suppress(OSError):  # it has its name already, or was never made
            os.remove(unfinished)


def in_full(values, shape) -> np.ndarray:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), shape)


def read_model(path, *, allow_wide=False) -> Model:
    """The models of a model file, or those that a run file holds; several instances, if it has more
    than one. Raises OSError, with the reason, if it cannot be read.
    """
    found = _core.read_models(os.fsencode(path), allow_wide)
    if found["law"] is not None:
        found.update(law=Law.of(found["law"]), density=None)
    if len(found["W"]) == 1:
        found.update({name: value[0] for name, value in found.items() if isinstance(value, np.ndarray)})
    return Model(**found, layout=os.fsdecode(path))
