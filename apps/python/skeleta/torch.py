"""The exact loss as a function of PyTorch tensors, to be trained on."""

import warnings

import torch

from . import _core
from ._law import law_of
from ._problem import exact_options

_told = False


def on_cpu(tensor):
    """As a float64 array; of another device a copy, with one warning."""
    global _told
    if tensor is None:
        return None
    if tensor.device.type != "cpu" and not _told:
        _told = True
        warnings.warn(f"exact_loss copies tensors from {tensor.device} to the processor", stacklevel=4)
    return tensor.detach().to(device="cpu", dtype=torch.float64).numpy()


class ExactLoss(torch.autograd.Function):
    """value = exact_loss(W, bias, decoder), with its gradient computed along with it where one is wanted."""

    @staticmethod
    def forward(ctx, W, bias, decoder, data, kind, options):
        task = _core.Problem(on_cpu(W), on_cpu(bias), None, *data, on_cpu(decoder), *kind)
        if not any(ctx.needs_input_grad):
            return tensor_like(W, _core.loss(task, options)[0])
        ctx.save_for_backward(W, bias, decoder)
        found, *derivatives = _core.loss_and_gradient(task, options)
        ctx.derivatives = [None if of is None else tensor_like(of, values)
                           for of, values in zip((W, bias, decoder), derivatives)]
        return tensor_like(W, found[0])

    @staticmethod
    def backward(ctx, upstream):
        def scaled(derivative, axes):
            product = upstream.reshape(upstream.shape + (1,) * axes).to(derivative) * derivative
            return Last.apply(product, *ctx.saved_tensors) if torch.is_grad_enabled() else product

        wanted = zip(ctx.needs_input_grad, ctx.derivatives, (2, 1, 2))
        return *(scaled(derivative, axes) if needed else None for needed, derivative, axes in wanted), *3 * (None,)


class Last(torch.autograd.Function):
    """The derivative as it is. It depends on the inputs, but not in a way that is known: without them in the graph,
    second derivatives would be 0, and nobody told."""

    @staticmethod
    def forward(ctx, derivative, *inputs):
        return derivative.view_as(derivative)

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError("exact_loss is differentiated once: its gradient has no derivative")


def tensor_like(tensor, values):
    return torch.as_tensor(values, dtype=torch.float64).to(device=tensor.device, dtype=tensor.dtype)


def in_full(bias, shape):
    """One for each model and feature; expand sums the derivatives."""
    try:
        return bias.expand(shape)
    except RuntimeError:
        raise ValueError(f"bias has shape {tuple(bias.shape)}, but must be one number, or of shape {tuple(shape)} or "
                         f"{tuple(shape[-1:])}") from None


def exact_loss(W, bias=None, density=None, importance=None, *, sparsity=None, law=None, decoder=None,
               activation="relu", jump=None, noise=0.0, relative_target=1e-8, absolute_target=0.0,
               gradient_target=1e-6, error_control="rigorous", max_nodes=1 << 18, threads=0):
    """skeleta.loss of tensors W [hidden, feature] and bias [feature] (added before the ReLU), to be
    differentiated once: a tensor of the type of W and no axes, or [instance] for W [instance, hidden, feature].

    decoder [feature, hidden]: of an untied model, differentiated too. float32 and float64; the work is done in
    float64. The data (density, importance or law), jump and noise are numbers or arrays: they are not trained.
    Raises ValueError as skeleta.loss does, and for other types.

    >>> import torch
    >>> W = torch.tensor([[1.0, -0.5]], requires_grad=True)
    >>> exact_loss(W, torch.zeros(2), density=0.05).backward()
    >>> tuple(W.grad.shape)
    (1, 2)
    """
    for name, tensor in (("W", W), ("bias", bias), ("decoder", decoder)):
        if tensor is None:
            continue
        if not isinstance(tensor, torch.Tensor) or tensor.dtype not in (torch.float32, torch.float64):
            raise ValueError(f"{name} must be a tensor of type float32 or float64, not "
                             f"{getattr(tensor, 'dtype', type(tensor).__name__)}")
        if tensor.layout != torch.strided:
            raise ValueError(f"{name} must be a dense tensor, not of layout {tensor.layout}")
    for name, given in (("density", density), ("sparsity", sparsity), ("importance", importance), ("jump", jump),
                        ("noise", noise)):
        if getattr(given, "requires_grad", False):
            raise ValueError(f"{name} requires grad, but the loss is not differentiated by it: detach it")
    if bias is not None and bias.requires_grad and bias.shape != W.shape[:-2] + W.shape[-1:]:
        bias = in_full(bias, W.shape[:-2] + W.shape[-1:])
    if not torch.is_grad_enabled():  # within forward, it never is
        W, bias, decoder = (None if tensor is None else tensor.detach() for tensor in (W, bias, decoder))
    options = exact_options(relative_target, absolute_target, gradient_target, error_control, max_nodes, threads)
    return ExactLoss.apply(W, bias, decoder, (density, sparsity, importance, law_of(law)), (activation, jump, noise),
                           options)
