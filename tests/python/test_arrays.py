"""Arrays of all kinds are read right, or refused with a sentence."""

import numpy as np
import pytest

import skeleta

p = 0.1


def value(W, bias=None):
    return skeleta.loss(W, bias, p).value


def strided(W):
    wide = np.zeros((2 * W.shape[0], 3 * W.shape[1]))
    wide[::2, ::3] = W
    return wide[::2, ::3]


def read_only(W):
    W = W.copy()
    W.setflags(write=False)
    return W


def unaligned(W):
    raw = np.zeros(W.nbytes + 1, np.uint8)
    view = raw[1:].view(np.float64).reshape(W.shape)
    view[...] = W
    return view


@pytest.mark.parametrize("kind", [np.asfortranarray, strided, read_only, unaligned, np.ndarray.tolist,
                                  lambda W: W.astype(">f8"), lambda W: W[::-1, ::-1][::-1, ::-1],
                                  lambda W: W.astype(np.longdouble), lambda W: W.T.copy().T])
def test_the_same_numbers_in_any_memory(model, kind):
    W, bias = model
    before = W.copy()
    assert value(kind(W), bias) == value(W, bias)
    assert (W == before).all()


def test_the_first_axis_is_hidden():
    W = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]])
    other = W.copy(order="F")
    bias = np.array([-0.1, 0.05, -0.2])
    _, dW, dbias = skeleta.loss_and_gradient(other, bias, p)
    h = 1e-5
    precise = dict(density=p, relative_target=1e-12)
    for j in range(3):
        step = h * np.eye(3)[j]
        slope = (skeleta.loss(W, bias + step, **precise).value - skeleta.loss(W, bias - step, **precise).value) / (2 * h)
        assert dbias[j] == pytest.approx(slope, abs=1e-6) and abs(slope) > 1e-4
    for i, j in ((0, 1), (1, 2), (0, 2)):
        up, down = W.copy(), W.copy()
        up[i, j] += h
        down[i, j] -= h
        slope = (skeleta.loss(up, bias, **precise).value - skeleta.loss(down, bias, **precise).value) / (2 * h)
        assert dW[i, j] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int64, np.uint8, bool])
def test_other_types_of_numbers(kind):
    W = np.array([[1, 0, 1], [0, 1, 1]], dtype=kind)
    assert value(W) == value(W.astype(np.float64))


@pytest.mark.parametrize("W, sentence", [
    (np.ones((2, 3)) * 1j, "W must be real numbers, not of type complex128"),
    (np.array([["a", "b"]]), "W must be real numbers"),
    ([[1.0, 2.0], [1.0]], "W"),
    (np.ones(3), r"W has shape \(3,\), but must be \[hidden, feature\]"),
    (np.ones((1, 1, 2, 3)), "W has shape"),
    (np.ones((0, 3)), "W has shape"),
    (np.ma.masked_array(np.ones((2, 3)), mask=True), "masked array"),
    (None, "W must be real numbers"),
    (np.full((2, 3), np.nan), "finite"),
    (np.full((2, 3), np.inf), "finite")])
def test_what_is_no_matrix_is_refused(W, sentence):
    with pytest.raises(ValueError, match=sentence):
        value(W)


@pytest.mark.parametrize("given, sentence", [
    (dict(density=-0.1), r"density.*-0.1 must lie in \[0, 1\]"),
    (dict(density=np.nan), "density"),
    (dict(density=[0.1, 0.2]), r"density has shape \(2,\), but must be one number, or of shape \(5,\)"),
    (dict(sparsity=1.5), "sparsity"),
    (dict(sparsity=-1e-20), "sparsity"),
    (dict(), "say how sparse"),
    (dict(density=0.1, sparsity=0.9), "give one of them"),
    (dict(density=0.1, importance=-1.0), "importance"),
    (dict(density=0.1, bias=np.zeros(4)), r"bias has shape \(4,\)"),
    (dict(density=0.1, bias=np.zeros((2, 5))), "bias has shape"),
    (dict(density=0.1, bias=0.0, threshold=0.0), "give one"),
    (dict(density=0.1, bias=np.nan), "finite"),
    (dict(density=0.1, relative_target=0.0), "target"),
    (dict(density=0.1, relative_target=-1.0), "relative_target"),
    (dict(density=0.1, error_control="some"), "none of rigorous, estimated, proven"),
    (dict(density=0.1, error_control="proven", noise=0.1), "'proven' knows ReLU models without noise"),
    (dict(density=0.1, threads=-1), "threads"),
    (dict(density=0.1, threads=2 ** 40), "threads = 1099511627776 must be a whole number from"),
    (dict(density=0.1, threads=1.5), "threads = 1.5 must be a whole number from"),
    (dict(density=0.1, max_nodes=-1), "maximum_nodes"),
    (dict(density=0.1, relative_target="a"), "relative_target = 'a' must be a number"),
    (dict(density=0.1, relative_target=[1e-3]), "relative_target = .* must be a number"),
    (dict(density=0.1, error_control=None), "error_control = None must be a text"),
    (dict(density=0.1, activation=3), "activation = 3 must be a text"),
    (dict(density=0.1, noise="much"), "noise = 'much' must be a number"),
    (dict(density="0.1"), "density must be real numbers, not of type <U3"),
    (dict(density=0.1, law=skeleta.Law(0.1, features=5)), "give one of them"),
    (dict(law=skeleta.Law(0.1, features=4)), "the law has 4 features, but W has 5"),
    (dict(law="uniform"), "law must be"),
    (dict(density=0.1, activation="tanh"), "none of relu"),
    (dict(density=0.1, decoder=np.ones((2, 5))), "decoder has shape")])
def test_other_arguments_are_refused(model, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        skeleta.loss(model[0], **given)


def test_proven_numbers(model):
    proven = skeleta.loss_and_gradient(*model, 0.1, error_control="proven")
    assert proven.loss.error_bound <= 1.2e-16 * proven.loss.value
    assert proven.loss.gradient_error == 0.0
    usual = skeleta.loss_and_gradient(*model, 0.1)
    assert np.linalg.norm(usual.bias - proven.bias) <= usual.loss.gradient_error
    np.testing.assert_allclose(usual.W, proven.W, rtol=0.0, atol=4.0 * usual.loss.gradient_error)


def test_numbers_of_any_type(model):
    """Whole numbers may be written as 1e6; an array of one number is one."""
    expected = skeleta.loss(*model, 0.1, relative_target=1e-3, max_nodes=4096, threads=1).value
    for given in (dict(relative_target=np.array(1e-3), max_nodes=4096.0, threads=np.int64(1)),
                  dict(relative_target=np.float64(1e-3), max_nodes=np.uint16(4096), threads=True)):
        assert skeleta.loss(*model, np.array(0.1), **given).value == expected
    few = skeleta.estimate(*model, 0.1, rel_tol=1e-9, max_samples=1e4)
    assert few.samples <= 1e4 and few.value == skeleta.estimate(*model, 0.1, rel_tol=1e-9, max_samples=10_000).value
    for wrong in (-1, 2 ** 64, 0.5, "1"):
        with pytest.raises(ValueError, match="seed = .* must be a whole number from 0 to 18446744073709551615"):
            skeleta.estimate(*model, 0.1, samples=1000, seed=wrong)


def test_bias_and_threshold(model):
    W, bias = model
    assert skeleta.loss(W, bias, p).value == skeleta.loss(W, threshold=-bias, density=p).value
    assert skeleta.loss(W, bias, p).value != skeleta.loss(W, -bias, p).value
    of_bias = skeleta.loss_and_gradient(W, bias, p)
    of_threshold = skeleta.loss_and_gradient(W, threshold=-bias, density=p)
    assert (of_bias.bias == of_threshold.bias).all() and (of_bias.bias == -of_bias.threshold).all()


def test_a_batch_is_its_models_one_by_one(model):
    rng = np.random.default_rng(1)
    W, bias, density = rng.normal(size=(7, 2, 5)), rng.normal(size=(7, 5)), rng.uniform(size=(7, 5))
    found, dW, dbias = skeleta.loss_and_gradient(W, bias, density)
    values = skeleta.loss(W, bias, density).value
    assert values.shape == found.value.shape == (7,)
    for k in range(7):
        one = skeleta.loss_and_gradient(W[k], bias[k], density[k])
        assert one.loss.value == found.value[k] and skeleta.loss(W[k], bias[k], density[k]).value == values[k]
        assert (one.W == dW[k]).all() and (one.bias == dbias[k]).all()
    assert skeleta.loss(W, bias[0], p).value[3] == skeleta.loss(W[3], bias[0], p).value
    assert len(found.skeletons) == 7
    W[4, 0, 0] = np.nan
    with pytest.raises(ValueError, match="instance 4: "):
        skeleta.loss(W, bias, density)
    with pytest.raises(ValueError, match="instance 4: "):
        skeleta.estimate(W, bias, density, samples=1000)


def test_results_are_not_arguments(model):
    """Neither a change of an argument nor one of a result reaches the other."""
    W, bias = model[0].copy(), model[1].copy()
    found = skeleta.loss(W, bias, p)
    W[:], bias[:] = 7.0, 7.0
    assert repr(found.skeletons) == repr(skeleta.loss(*model, p).skeletons)
    law = skeleta.Law([0.1, 0.2])
    law.density[:] = 7.0
    assert law.density.tolist() == [0.1, 0.2]
    x = skeleta.sample(law, 10)
    x[:] = 7.0
    assert (skeleta.sample(law, 10) < 7.0).all()
    seen = []

    def spoil(x):
        seen.append((x, x.copy()))
        x += 1.0
        return x[:, 0] - 1.0

    found = skeleta.integrate([0.5, 0.5], spoil, samples=10_000)
    assert found.value == pytest.approx(skeleta.integrate([0.5, 0.5], lambda x: x[:, 0], samples=10_000).value, rel=1e-12)
    assert all((x == before + 1.0).all() and x.flags.owndata for x, before in seen)


def test_results_own_their_memory(model):
    first = skeleta.loss_and_gradient(*model, p)
    kept = first.W.copy()
    skeleta.loss_and_gradient(2.0 * model[0], model[1], p)
    assert first.W.flags.owndata and first.W.flags.writeable and (first.W == kept).all()
