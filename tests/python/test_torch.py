"""The exact loss as a function of tensors."""

import numpy as np
import pytest

import skeleta

torch = pytest.importorskip("torch", reason="python3-torch is not installed")
exact_loss = pytest.importorskip("skeleta.torch").exact_loss


def tensors(model, kind=torch.float64):
    return [torch.tensor(array, dtype=kind, requires_grad=True) for array in model]


def test_gradcheck(model):
    W, bias = tensors(model)
    precise = dict(relative_target=1e-12, gradient_target=1e-10)
    assert torch.autograd.gradcheck(lambda W, b: exact_loss(W, b, 0.1, **precise), (W, bias))
    stack = torch.stack([W.detach(), -W.detach()]).requires_grad_()
    biases = torch.stack([bias.detach(), bias.detach()]).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda W, b: exact_loss(W, b, 0.1, [1.0, 0.9, 0.8, 0.7, 0.6], **precise), (stack, biases))
    assert torch.autograd.gradcheck(lambda W, b: exact_loss(W, b, 0.1, **precise), (stack, bias))
    assert torch.autograd.gradcheck(lambda b: exact_loss(W.detach(), b, 0.1, **precise), (bias,))


@pytest.mark.parametrize("given", [
    dict(law=skeleta.Law([0.1, 0.2, 0.1, 0.2, 0.1], groups="exclusive(0,1),together(2,4)")),
    dict(law=skeleta.Law([0.1, 0.2, 0.1, 0.2, 0.1], values="half-normal:1"), noise=0.3),
    dict(density=0.1, activation="jumprelu", jump=np.full(5, 0.1), noise=0.3),
    dict(density=0.1, activation="identity")])
def test_gradcheck_of_other_models_and_laws(model, given):
    W, bias = tensors(model)
    decoder = (W.detach().T + 0.3).requires_grad_()
    precise = dict(relative_target=1e-11, gradient_target=1e-9)
    assert torch.autograd.gradcheck(lambda W, b, out: exact_loss(W, b, decoder=out, **given, **precise),
                                    (W, bias, decoder), atol=1e-4)
    assert exact_loss(W, bias, decoder=decoder, **given).item() == pytest.approx(
        skeleta.loss(*model, decoder=decoder.detach().numpy(), **given).value, rel=1e-7)


def test_it_is_skeleta_loss(model):
    W, bias = tensors(model)
    value = exact_loss(W, bias, 0.1)
    value.backward()
    found, dW, dbias = skeleta.loss_and_gradient(*model, 0.1)
    assert value.item() == found.value
    assert (W.grad.numpy() == dW).all() and (bias.grad.numpy() == dbias).all()
    with torch.no_grad():
        assert exact_loss(W, bias, 0.1).item() == skeleta.loss(*model, 0.1).value


def test_types(model):
    W, bias = tensors(model, torch.float32)
    value = exact_loss(W, bias, 0.1)
    assert value.dtype == torch.float32
    (3.0 * value).backward()
    assert W.grad.dtype == torch.float32 and bias.grad.dtype == torch.float32
    dW = skeleta.loss_and_gradient(W.detach().numpy(), bias.detach().numpy(), 0.1).W
    assert np.allclose(W.grad.numpy(), 3.0 * dW, rtol=1e-6)
    transposed = torch.tensor(model[0].T.copy()).T  # another order in memory
    assert exact_loss(transposed, None, 0.1).item() == skeleta.loss(model[0], None, 0.1).value
    for wrong in (W.half(), W.long(), model[0]):
        with pytest.raises(ValueError, match="W must be a tensor of type float32 or float64"):
            exact_loss(wrong, None, 0.1)
    with pytest.raises(ValueError, match="finite"):
        exact_loss(W * float("nan"), None, 0.1)
    twice = exact_loss(W, bias, 0.1)
    gradient, = torch.autograd.grad(twice, W, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad|once_differentiable"):
        gradient.sum().backward()


def test_an_optimizer_trains_on_it():
    torch.manual_seed(0)
    W = torch.nn.Parameter(torch.randn(2, 5, dtype=torch.float64))
    bias = torch.nn.Parameter(torch.zeros(5, dtype=torch.float64))
    optimizer = torch.optim.AdamW([W, bias], lr=0.01, weight_decay=0.0)
    first = exact_loss(W, bias, 0.05).item()
    for _ in range(600):
        optimizer.zero_grad()
        value = exact_loss(W, bias, 0.05, relative_target=1e-4, gradient_target=1e-3)
        value.backward()
        optimizer.step()
    last = exact_loss(W, bias, 0.05).item()
    assert last < first / 3 and last < 0.025
