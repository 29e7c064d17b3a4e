"""Any function of the data, and the data themselves."""

import sys
import types

import numpy as np
import pytest

import skeleta
from skeleta import _progress


def test_a_function_of_whole_batches():
    density = np.array([0.1, 0.3, 0.0, 1.0])
    seen = []

    def square_of_sum(x):
        seen.append(x.shape)
        return x.sum(axis=1) ** 2

    found = skeleta.integrate(density, square_of_sum, rel_tol=1e-3)
    m, q = density / 3 - density ** 2 / 4, density / 2
    assert abs(found.value - (m.sum() + q.sum() ** 2)) < 5 * found.standard_error
    assert found.standard_error < 2e-3 * found.value
    assert max(rows for rows, _ in seen) > 100 and {columns for _, columns in seen} == {4}


def test_results_do_not_depend_on_threads_or_form():
    density = np.full(6, 0.2)
    one = skeleta.integrate(density, lambda x: np.exp(x).sum(axis=1), samples=50_000)
    two = skeleta.integrate(density, lambda x: np.exp(x).sum(axis=1), samples=50_000, threads=2)
    assert one.value == two.value and one.standard_error == two.standard_error
    sparse = skeleta.integrate(density, lambda active, value: (np.expm1(value)).sum(axis=1) + 6,
                               samples=50_000, sparse=True)
    assert sparse.value == pytest.approx(one.value, rel=1e-12)


@pytest.mark.parametrize("form", [
    lambda y: y.astype(np.float32), lambda y: y.astype(">f8"), np.ndarray.tolist, lambda y: y[:, None],
    lambda y: np.stack([y, y], axis=1)[:, 1], lambda y: np.asfortranarray(np.stack([y, y], axis=1))[:, :1]])
def test_a_function_returns_numbers_in_any_memory(form):
    expected = skeleta.integrate([0.5, 0.5], lambda x: x[:, 0].astype(np.float32), samples=1000).value
    assert skeleta.integrate([0.5, 0.5], lambda x: form(x[:, 0].astype(np.float32).astype(float)),
                             samples=1000).value == expected


def test_several_outputs():
    first, second = skeleta.integrate([0.5, 0.5], lambda x: x, outputs=2, samples=10_000)
    assert abs(first.value - 0.25) < 5 * first.standard_error
    assert abs(second.value - 0.25) < 5 * second.standard_error


def test_errors_of_the_function():
    def fails(x):
        raise KeyError("mine")

    for threads in (1, 2):
        with pytest.raises(KeyError, match="mine"):
            skeleta.integrate([0.5, 0.5], fails, samples=1000, threads=threads)
    with pytest.raises(ValueError, match=r"f returned shape \(2,\) for .* points"):
        skeleta.integrate([0.5, 0.5], lambda x: np.zeros(2), samples=100_000)
    with pytest.raises(ValueError, match=r"1.5 must lie in \[0, 1\]"):
        skeleta.integrate([0.5, 1.5], lambda x: x[:, 0])
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"f was NaN or infinite at \d+ points"):
            skeleta.integrate([0.5, 0.5], lambda x: np.where(x > 0.5, wrong, x), outputs=2, samples=1000)
    for returned, sentence in [
            (lambda x: x[:, 0] * 1j, "what f returned must be real numbers, not of type complex"),
            (lambda x: None, "must be real numbers"), (lambda x: 1.0, r"f returned shape \(\)"),
            (lambda x: x.T, "f returned shape"), (lambda x: x, "f returned shape"), (lambda x: ["a"] * len(x), "real"),
            (lambda x: np.ma.masked_array(x[:, 0], mask=x[:, 0] > 0.5), "masked array")]:
        with pytest.raises(ValueError, match=sentence):
            skeleta.integrate([0.5, 0.5], returned, samples=1000)
    for ends in (KeyboardInterrupt, SystemExit):
        def end(x):
            raise ends

        for threads in (1, 2):
            with pytest.raises(ends):
                skeleta.integrate([0.5, 0.5], end, samples=1000, threads=threads)
    with pytest.raises(ValueError, match="for the loss alone"):
        skeleta.integrate([0.5], lambda x: x[:, 0], method="exact")


def test_progress_and_what_it_raises(model):
    calls = []
    skeleta.estimate(*model, 0.1, samples=2_000_000, progress=lambda *numbers: calls.append(numbers))
    assert calls and all(len(numbers) == 4 for numbers in calls)

    def stop(*_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        skeleta.estimate(*model, 0.1, samples=2_000_000, progress=stop)
    with pytest.raises(ValueError, match="progress must be a function, True, False or None, not 3"):
        skeleta.estimate(*model, 0.1, samples=1000, progress=3)


def test_progress_on_a_terminal_and_nowhere_else(model, capfd, monkeypatch):
    for terminal in (False, True):
        monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
        skeleta.estimate(*model, 0.1, samples=2_000_000, progress=True)
        written = capfd.readouterr().err
        if terminal:
            assert "samples" in written and "[####" in written and written.endswith("\r\x1b[K")
        else:
            assert written == ""


@pytest.mark.parametrize("stream", [None, types.SimpleNamespace(write=print)])
def test_progress_without_a_terminal_to_ask(model, stream, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    assert skeleta.estimate(*model, 0.1, samples=1000, progress=True).samples == 1000


def test_progress_in_a_notebook(model, capfd, monkeypatch):
    """Shown below the cell, redrawn in place, gone at the end; nothing is written to standard error."""
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data)

    def display(data, raw, display_id):
        assert raw and display_id and not shown
        shown.append(data)
        return Handle()

    class Shell:
        kernel = None

    ipython = types.SimpleNamespace(get_ipython=Shell, display=types.SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    many = dict(method="plain", samples=5_000_000, threads=1)
    value = skeleta.estimate(*model, 0.1, progress=True, **many).value  # IPython's shell in a terminal
    assert not shown
    monkeypatch.setattr(Shell, "kernel", object())
    assert skeleta.estimate(*model, 0.1, progress=True, **many).value == value
    assert shown[-1] == {"text/plain": "", "text/html": ""} and len(shown) > 1
    for data in shown[:-1]:
        assert data["text/html"].startswith("<progress") and "samples" in data["text/plain"]
    shown.clear()
    skeleta.train(features=40, hidden=6, sparsity=0.9, starts=10, steps=25, threads=1, progress=True)
    assert "starts" in shown[0]["text/html"] and shown[-1]["text/html"] == ""
    assert capfd.readouterr().err == ""
    for seconds, second in ((0.0, ['<progress value="0.500"></progress> half']), (1e9, [])):  # too soon
        shown.clear()
        with _progress.notebook(lambda *state: state, seconds) as tell:
            tell(None, "<&>")
            tell(0.5, "half")
        assert [data["text/html"] for data in shown] == ["<progress></progress> &lt;&amp;&gt;", *second, ""]


@pytest.mark.parametrize("law, second_moments", [
    (np.array([0.1, 0.5, 1.0, 0.0]), None),
    (skeleta.Law([0.3, 0.3, 0.2], values="half-normal:1", groups="exclusive(0,1)"), True),
    (skeleta.Law([0.3, 0.3, 0.2], values=["constant:1", "exponential:2", "normal:0,1"], groups="together(0,1)"),
     True)])
def test_samples_have_their_law(law, second_moments):
    n = 200_000
    x = skeleta.sample(law, n)
    if second_moments:
        expected = law.moment_matrix()
    else:
        expected = np.diag(law / 3 - law ** 2 / 4) + np.outer(law, law) / 4
    products = np.einsum("ni,nj->nij", x, x)
    error = products.std(axis=0) / np.sqrt(n)
    assert (np.abs(products.mean(axis=0) - expected) <= 5 * error + 1e-12).all()
    assert error.max() < 0.1
    half = x[:n // 2]  # in any order: each part has the law
    counts = (x != 0).sum(axis=1)
    spread = counts.std() / np.sqrt(n // 2)
    assert abs((half != 0).sum(axis=1).mean() - counts.mean()) <= 5 * spread


def test_sparse_and_dense_samples_are_the_same():
    indptr, indices, data = skeleta.sample(0.2, 1000, features=7, seed=4, sparse=True)
    x = np.zeros((1000, 7))
    for i in range(1000):
        x[i, indices[indptr[i]:indptr[i + 1]]] = data[indptr[i]:indptr[i + 1]]
    assert (x == skeleta.sample(0.2, 1000, features=7, seed=4)).all()
    assert (x != skeleta.sample(0.2, 1000, features=7, seed=5)).any()
    with pytest.raises(ValueError, match="features must say"):
        skeleta.sample(0.2, 10)
    assert skeleta.sample([0.2, 0.1], np.int64(3)).shape == (3, 2) and skeleta.sample([0.2], 1e1).shape == (10, 1)
    for sparse in (False, True):
        assert not np.any(skeleta.sample([0.0, 0.0], 5, sparse=sparse)[-1])
        for n, sentence in [(0, "n = 0 must lie in 1.."), (-1, "n = -1 must be a whole number"), (10 ** 19, "n = 1"),
                            (2 ** 64, "n = 1.* must be a whole number"), (1.5, "n = 1.5 must be a whole"), (None, "n = N")]:
            with pytest.raises(ValueError, match=sentence):
                skeleta.sample([0.2, 0.1], n, sparse=sparse)
        with pytest.raises(ValueError, match="features = 3, but the law has 2"):
            skeleta.sample(skeleta.Law([0.2, 0.1]), 10, features=3, sparse=sparse)


def test_laws():
    law = skeleta.Law("zipf:1:0.5", features=4, values="constant:2")
    assert law.density.tolist() == pytest.approx([0.5, 0.25, 0.5 / 3, 0.125])
    assert law.means() == pytest.approx(2 * law.density)
    for given, sentence in [(dict(values="cauchy:1"), "cauchy"), (dict(groups="exclusive(0,9)"), "9"),
                            (dict(values=["constant:1"]), "value"), (dict(values=[1]), "values = .* list of texts"),
                            (dict(groups=None), "groups = None must be a text"),
                            (dict(features="two"), "features = 'two' must be a whole number")]:
        with pytest.raises(ValueError, match=sentence):
            skeleta.Law([0.1, 0.2], **given)
    plain = skeleta.Law([0.1, 0.2, 0.3])
    W = np.array([[1.0, -0.5, 0.7]])
    assert skeleta.loss(W, law=plain).value == skeleta.loss(W, density=[0.1, 0.2, 0.3]).value


LAWS = {
    "half-normal": dict(values="half-normal:1"),
    "exclusive": dict(groups="exclusive(0,1,2)"),
    "together": dict(groups="together(1,3)", values="half-normal:0.5"),
    "parent": dict(density=[0.3, 0.15, 0.15, 0.2], groups="parent(0,1,2)"),
    "mixed": dict(values=["uniform:-1,1", "exponential:0.5", "normal:1,0.2", "half-normal:1"],
                  groups="exclusive(0,2)"),
}


def loss_of_points(x, W, bias, decoder=None, activation="relu"):
    """The loss of each of the points, as PyTorch would have it."""
    z = x @ W.T @ (W if decoder is None else decoder.T) + bias
    return ((x - (np.maximum(z, 0.0) if activation == "relu" else z)) ** 2).sum(axis=1)


@pytest.mark.parametrize("name", LAWS)
def test_laws_agree_with_samples(name):
    """The exact loss, the estimate, the integral of a Python function and drawn points, of one law."""
    rng = np.random.default_rng(5)
    W, bias, decoder = rng.normal(size=(2, 4)), 0.2 * rng.normal(size=4), rng.normal(size=(4, 2))
    law = skeleta.Law(**{"density": [0.2, 0.1, 0.3, 0.1], **LAWS[name]})
    x = skeleta.sample(law, 400_000)
    for given in (dict(), dict(decoder=decoder), dict(activation="identity")):
        exact = skeleta.loss(W, bias, law=law, relative_target=1e-5, **given)
        assert exact.met_target
        points = loss_of_points(x, W, bias, **given)
        assert abs(points.mean() - exact.value) < 5 * points.std() / np.sqrt(len(points))
        found = skeleta.estimate(W, bias, law=law, samples=100_000, **given)
        assert abs(found.value - exact.value) <= 5 * found.standard_error + found.error_bound + exact.error_bound
        whole = skeleta.integrate(law, lambda x: loss_of_points(x, W, bias, **given), samples=100_000)
        assert abs(whole.value - exact.value) < 5 * whole.standard_error


def test_noise_and_jumps_agree_with_samples():
    rng = np.random.default_rng(6)
    W, bias, jump = rng.normal(size=(2, 3)), 0.2 * rng.normal(size=3), np.array([0.1, 0.3, 0.0])
    x = skeleta.sample(0.3, 400_000, features=3)
    z = (x @ W.T + 0.3 * rng.normal(size=(len(x), 2))) @ W + bias
    for values, given in [(np.maximum(z, 0.0), dict()),
                          (np.where(z > jump, z, 0.0), dict(activation="jumprelu", jump=jump))]:
        points = ((x - values) ** 2).sum(axis=1)
        exact = skeleta.loss(W, bias, 0.3, noise=0.3, relative_target=1e-5, **given)
        assert exact.met_target
        assert abs(points.mean() - exact.value) < 5 * points.std() / np.sqrt(len(points))
        found = skeleta.estimate(W, bias, 0.3, noise=0.3, samples=100_000, **given)
        assert abs(found.value - exact.value) < 5 * found.standard_error


def test_derivatives_of_other_models_and_laws():
    """loss_and_gradient and the Evaluator, beside differences of the loss."""
    rng = np.random.default_rng(7)
    model = dict(W=rng.normal(size=(2, 3)), bias=0.2 * rng.normal(size=3), decoder=rng.normal(size=(3, 2)))
    precise = dict(relative_target=1e-10, gradient_target=1e-8)
    for law, given in [(skeleta.Law([0.2, 0.3, 0.1], groups="exclusive(0,1)"), dict()),
                       (skeleta.Law([0.2, 0.3, 0.1], values="half-normal:1"), dict(noise=0.5)),
                       (skeleta.Law([0.2, 0.3, 0.1]), dict(activation="jumprelu", jump=[0.1, 0.2, 0.3], noise=0.5))]:
        evaluate = skeleta.Evaluator(3, law=law, **precise)
        found = skeleta.loss_and_gradient(**model, law=law, **given, **precise)
        again = evaluate.loss_and_gradient(**model, **given)
        assert again.loss.value == found.loss.value == pytest.approx(evaluate.loss(**model, **given).value, rel=1e-9)
        for name in model:
            derivative = getattr(found, name)
            assert (derivative == getattr(again, name)).all() and derivative.shape == model[name].shape
            direction = rng.normal(size=derivative.shape)

            def at(step):
                moved = {**model, name: model[name] + step * direction}
                return evaluate.loss(**moved, **given).value

            assert (at(1e-4) - at(-1e-4)) / 2e-4 == pytest.approx((derivative * direction).sum(), rel=1e-4, abs=1e-5)


def test_whole_numbers_where_auto_chooses():
    """Numbers are converted before the interpreter's lock is given up."""
    found = skeleta.estimate(np.array([[1.0, -1.0]]), density=0.05, method="auto", abs_tol=1000, threads=1)
    assert abs(found.value - 1 / 1200) <= found.error_bound <= 1000


def test_skeletons_are_as_precise_as_the_loss_of_a_gradient():
    """The gradient's target makes the bound of the loss far smaller than the loss alone would have it."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        W, b = rng.normal(size=(2, 6)), 0.2 * rng.normal(size=6)
        found = skeleta.loss_and_gradient(W, threshold=b, density=0.3, relative_target=1e-5, gradient_target=1e-10).loss
        assert abs(found.skeletons["contribution"].sum() - found.value) <= 2 * found.error_bound
