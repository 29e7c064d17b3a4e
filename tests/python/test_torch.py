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
    with pytest.raises(RuntimeError, match="exact_loss is differentiated once"):
        gradient.sum().backward()


def test_any_memory_and_shape(model):
    """Views, other orders, one bias for a stack, an upstream gradient of any kind."""
    W, bias = tensors(model)
    _, dW, dbias = skeleta.loss_and_gradient(*model, 0.1)
    wide = torch.zeros(4, 15, dtype=torch.float64)
    wide[::2, ::3] = W.detach()
    wide.requires_grad_()
    exact_loss(wide[::2, ::3], bias, 0.1).backward()
    assert (wide.grad[::2, ::3].numpy() == dW).all() and wide.grad.abs().sum().item() == np.abs(dW).sum()
    turned = torch.tensor(model[0].T.copy(), requires_grad=True)
    exact_loss(turned.T, bias.detach(), 0.1).backward()
    assert (turned.grad.T.numpy() == dW).all()
    stack = torch.stack([W.detach(), 2.0 * W.detach()]).requires_grad_()
    bias.grad = None
    values = exact_loss(stack, bias, 0.1)
    assert values.shape == (2,)
    second = skeleta.loss_and_gradient(2.0 * model[0], model[1], 0.1)
    values.backward(torch.tensor([1.0, -3.0]).double())
    assert np.allclose(stack.grad.numpy(), np.stack([dW, -3.0 * second.W]), rtol=1e-14)
    assert np.allclose(bias.grad.numpy(), dbias - 3.0 * second.bias, rtol=1e-12)
    decoder = W.detach().T.clone().requires_grad_()
    exact_loss(stack, bias, 0.1, decoder=decoder).sum().backward()
    expected = skeleta.loss_and_gradient(stack.detach().numpy(), model[1], 0.1, decoder=model[0].T).decoder.sum(axis=0)
    assert np.allclose(decoder.grad.numpy(), expected, rtol=1e-12)
    single = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)  # one number for all features
    exact_loss(W.detach(), single, 0.1).backward()
    assert single.grad.item() == pytest.approx(skeleta.loss_and_gradient(model[0], np.full(5, 0.1), 0.1).bias.sum())


def test_what_is_not_differentiated_is_refused(model):
    W, bias = tensors(model)
    number = torch.tensor(0.1, requires_grad=True)
    for given in (dict(density=number), dict(sparsity=number), dict(density=0.1, importance=number),
                  dict(density=0.1, noise=number), dict(density=0.1, activation="jumprelu", jump=number)):
        with pytest.raises(ValueError, match="requires grad, but the loss is not differentiated by it"):
            exact_loss(W, bias, **given)
    assert exact_loss(W, bias, torch.tensor(0.1, dtype=torch.float64)).item() == exact_loss(W, bias, 0.1).item()
    with pytest.raises(ValueError, match="W must be a dense tensor"):
        exact_loss(W.detach().to_sparse(), bias, 0.1)
    with pytest.raises(ValueError, match="of type float32 or float64, not torch.complex128"):
        exact_loss(W * 1j, bias, 0.1)
    with pytest.raises(ValueError, match="tensor that requires grad|requires_grad|requires grad"):
        skeleta.loss(W, bias, 0.1)
    for wrong in (bias[:3], torch.stack([bias, bias])):
        for given in (wrong, wrong.detach()):
            with pytest.raises(ValueError, match="bias has shape .*, but must be one number, or of shape"):
                exact_loss(W, given, 0.1)
    with pytest.raises(ValueError, match="W has shape"):
        exact_loss(W[0], bias, 0.1)
    value = exact_loss(W, bias, 0.1)
    first, = torch.autograd.grad(value, W, create_graph=True)
    def of(W, bias):
        return exact_loss(W, bias, 0.1)

    inputs = (W.detach(), bias.detach())
    for derivative in (lambda: torch.autograd.grad(first.sum(), W), lambda: torch.autograd.grad(first.sum(), bias),
                       lambda: torch.autograd.functional.hessian(of, inputs),
                       lambda: torch.autograd.functional.hvp(of, inputs, inputs),
                       lambda: torch.autograd.gradgradcheck(of, (W, bias)),
                       lambda: (W.sum() + first.norm()).backward()):  # a penalty of the gradient
        with pytest.raises(RuntimeError, match="exact_loss is differentiated once"):
            derivative()
    kept = exact_loss(W, bias, 0.1)
    W.grad = None
    kept.backward(retain_graph=True)
    once = W.grad.clone()
    kept.backward()
    assert (W.grad == 2.0 * once).all()


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
