"""Models from elsewhere, and files."""

import json
import os

import numpy as np
import pytest

import skeleta


def same(found, W, bias):
    return np.array_equal(found.W, W) and np.array_equal(found.bias, bias)


def test_known_layouts(model):
    W, bias = model
    toy = skeleta.from_state_dict({"W": W.T[None], "b_final": bias[None]})
    assert same(toy, W[None], bias[None]) and toy.layout == "toy-models: W [instance, feature, hidden]"
    sae = {"W_enc": W.T, "W_dec": W, "b_dec": bias, "b_enc": np.zeros(2)}
    assert same(skeleta.from_state_dict(sae), W, bias) and skeleta.from_state_dict(sae).decoder is None
    assert np.array_equal(skeleta.from_state_dict(sae, tied=False).decoder, W.T)
    untied = skeleta.from_state_dict({**sae, "W_dec": 2.0 * W})
    assert np.array_equal(untied.decoder, 2.0 * W.T)
    linear = {"encoder.weight": W, "decoder.weight": W.T, "decoder.bias": bias}
    assert same(skeleta.from_state_dict(linear), W, bias)
    assert skeleta.loss(skeleta.from_state_dict(linear), density=0.1).value == skeleta.loss(W, bias, 0.1).value
    with pytest.raises(ValueError, match="b_enc is not 0"):
        skeleta.from_state_dict({**sae, "b_enc": np.ones(2)})


def test_orientation_is_told_never_guessed(model):
    W, bias = model
    with pytest.raises(ValueError, match=r"which way does W of shape \(2, 5\) lie"):
        skeleta.from_state_dict({"W": W, "bias": bias})
    assert same(skeleta.from_state_dict({"W": W, "bias": bias}, axes="hidden,feature"), W, bias)
    found = skeleta.from_state_dict({"W": W.T, "threshold": -bias}, axes="feature,hidden")
    assert same(found, W, bias) and found.layout == "W [feature, hidden], threshold subtracted"
    square = np.array([[1.0, 2.0], [3.0, 4.0]])
    for state in ({"W": square}, {"W": np.stack([square] * 2)}):
        with pytest.raises(ValueError, match="which way does W"):
            skeleta.from_state_dict(state)
        for axes, expected in (("hidden,feature", square), ("feature,hidden", square.T)):
            found = skeleta.from_state_dict(state, axes=axes)
            assert (found.W == expected).all() and axes.replace(",", ", ") in found.layout
    for state, words in [({"W": square, "b_final": [0.0, 0.0]}, "toy-models: W [feature, hidden]"),
                         ({"W_enc": square, "W_dec": square.T, "b_dec": [0.0, 0.0]},
                          "W_enc/W_dec: W_enc [feature, hidden], W_dec [hidden, feature]"),
                         ({"encoder.weight": square.T, "decoder.weight": square, "decoder.bias": [0.0, 0.0]},
                          "linear: encoder.weight [hidden, feature], decoder.weight [feature, hidden]")]:
        found = skeleta.from_state_dict(state)
        assert (found.W == square.T).all() and found.layout == words and found.decoder is None
    for state, given, sentence in [({"W": W}, dict(axes="up"), "none of hidden,feature"),
                                   ({"weights": W}, {}, "no known layout has the names weights"),
                                   ({"W": W, "bias": bias, "b": bias}, dict(axes="hidden,feature"), "bias and b are"),
                                   ({"W": W, "bias": bias[:3]}, dict(axes="hidden,feature"), "bias has shape"),
                                   ({"W": W * 1j}, dict(axes="hidden,feature"), "W must be real numbers"),
                                   ({"W": W * np.nan}, dict(axes="hidden,feature"), "finite"),
                                   ({"W": W}, dict(layout="toy-models"), "has b_final")]:
        with pytest.raises(ValueError, match=sentence):
            skeleta.from_state_dict(state, **given)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.uint8])
def test_signs_are_told_never_guessed(kind, tmp_path):
    """The name b has meant a bias, added, and a threshold, subtracted."""
    W, b = np.array([[1.0, -1.0]]), np.array([1, 2], dtype=kind)
    state = {"W": W, "b": b}
    np.savez(tmp_path / "model.npz", **state)
    given = dict(axes="hidden,feature")
    for read in (lambda **given: skeleta.from_state_dict(state, **given),
                 lambda **given: skeleta.from_npz(tmp_path / "model.npz", **given)):
        with pytest.raises(ValueError, match="is b added, as PyTorch's bias is, or subtracted"):
            read(**given)
        with pytest.raises(ValueError, match="is b added"):
            read(b="offset", **given)
        assert read(b="bias", **given).bias.tolist() == [1.0, 2.0] and "b added" in read(b="bias", **given).layout
        assert read(b="threshold", **given).bias.tolist() == [-1.0, -2.0]
    assert skeleta.from_state_dict({"W": W, "bias": b}, **given).bias.tolist() == [1.0, 2.0]
    assert skeleta.from_state_dict({"W": W, "threshold": b}, **given).bias.tolist() == [-1.0, -2.0]


def test_signs_agree_everywhere(model, tmp_path, program):
    """Every way in to one model, the bias of which is added: one loss."""
    W, bias = model
    expected = skeleta.loss(W, bias, 0.1).value
    assert expected != skeleta.loss(W, -bias, 0.1).value
    path = tmp_path / "model.h5"
    ways = [skeleta.Model(W, bias)]
    for given in (dict(bias=bias), dict(threshold=-bias)):
        assert skeleta.loss(W, density=0.1, **given).value == expected
        assert skeleta.Evaluator(5, 0.1).loss(W, **given).value == pytest.approx(expected, rel=1e-7)
        skeleta.save_model(path, W, **given)
        ways.append(skeleta.open(path))
    np.savez(tmp_path / "model.npz", W=W, threshold=-bias)
    ways += [skeleta.from_npz(tmp_path / "model.npz", axes="hidden,feature"),
             skeleta.from_state_dict({"W": W.T, "b_final": bias}),
             skeleta.from_state_dict({"encoder.weight": W, "decoder.weight": W.T, "decoder.bias": bias})]
    for way in ways:
        assert skeleta.loss(way, density=0.1).value == expected
        assert (skeleta.loss_and_gradient(way, density=0.1).bias == skeleta.loss_and_gradient(W, bias, 0.1).bias).all()
        assert skeleta.Evaluator(5, 0.1).loss(way).value == pytest.approx(expected, rel=1e-7)
    theirs = program("estimate", path, "--density=0.1", "--method=exact")["loss"]
    assert abs(theirs["value"] - expected) <= theirs["error_bound"] + skeleta.loss(W, bias, 0.1).error_bound
    of_bias, of_threshold = (skeleta.Evaluator(5, 0.1).loss_and_gradient(W, **given)
                             for given in (dict(bias=bias), dict(threshold=-bias)))
    assert (of_bias.bias == of_threshold.bias).all() and (of_bias.threshold == -of_bias.bias).all()


def test_what_is_not_read_is_told(model):
    W, bias = model
    with pytest.warns(UserWarning, match="not read, the model has no such part: W_dec, log_scale"):
        skeleta.from_state_dict({"W": W, "bias": bias, "W_dec": W, "log_scale": 1.0}, axes="hidden,feature")
    with pytest.warns(UserWarning, match="no such part: threshold"):  # of the hidden units of an autoencoder
        skeleta.from_state_dict({"W_enc": W.T, "W_dec": W, "b_dec": bias, "threshold": np.ones(2)})


def test_tensors_of_all_types(model):
    torch = pytest.importorskip("torch", reason="python3-torch is not installed")
    W = torch.tensor(model[0])
    for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64):
        parameter = torch.nn.Parameter(W.to(kind), requires_grad=kind.is_floating_point)
        found = skeleta.from_state_dict({"W": parameter}, axes="hidden,feature")
        assert (found.W == W.to(kind).double().numpy()).all()
    with pytest.raises(ValueError, match="W must be real numbers, not of type complex"):
        skeleta.from_state_dict({"W": W * 1j}, axes="hidden,feature")


def test_models_are_what_the_loss_takes(model):
    W, bias = model
    for given, sentence in [
            (dict(W=W * 1j), "W must be real numbers"), (dict(W=[["1", "2"]]), "W must be real numbers"),
            (dict(W=np.ma.masked_array(W, mask=True)), "masked array"), (dict(W=W[0]), "W has shape"),
            (dict(W=W, bias=bias[:3]), "bias has shape"), (dict(W=W, decoder=W), "decoder has shape"),
            (dict(W=W, bias=bias * np.nan), "finite"), (dict(W=W, noise=-1.0), "noise"),
            (dict(W=W, jump=0.1), "jump"), (dict(W=W, density=2.0), "density"),
            (dict(W=W, law=skeleta.Law([0.1])), "the law has 1 features, but W has 5")]:
        with pytest.raises(ValueError, match=sentence):
            skeleta.Model(**given)
        with pytest.raises(ValueError, match=sentence):
            skeleta.save_model("never.h5", **given)
    both = skeleta.Model(W, bias), skeleta.Model(W, bias)
    assert both[0] != both[1] and len({*both}) == 2  # as objects: there is no comparing by parts


def test_npz_and_safetensors(model, tmp_path):
    W, bias = model
    np.savez(tmp_path / "model.npz", W=W, bias=bias)
    assert same(skeleta.from_npz(tmp_path / "model.npz", axes="hidden,feature"), W, bias)

    arrays = {"W": W.astype("<f4"), "bias": bias.astype("<f8")}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        header[name] = {"dtype": f"F{8 * array.itemsize}", "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    head = json.dumps(header).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)
    assert same(skeleta.from_safetensors(path, axes="hidden,feature"), W.astype("f4"), bias)
    moved = json.dumps({"W": {"dtype": "F64", "shape": [1, 2], "data_offsets": [-32, -16]}}).encode()
    for damaged in (b"", path.read_bytes()[:40], path.read_bytes()[:-8], b"\x05" + b"\0" * 7 + b"[1,2]",
                    len(moved).to_bytes(8, "little") + moved + bytes(64),
                    (10 ** 5).to_bytes(8, "little") + b"[" * 10 ** 5):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="no safetensors file"):
            skeleta.from_safetensors(path, axes="hidden,feature")
    whole = (tmp_path / "model.npz").read_bytes()
    np.save(tmp_path / "array.npy", W)
    for damaged in (b"", b"text", whole[:100], whole[:-40], whole.replace(b"NUMPY", b"numpy"),
                    (tmp_path / "array.npy").read_bytes()):
        (tmp_path / "model.npz").write_bytes(damaged)
        with pytest.raises(ValueError, match="model.npz: is no .npz file of arrays, or damaged"):
            skeleta.from_npz(tmp_path / "model.npz", axes="hidden,feature")
    with pytest.raises(FileNotFoundError):
        skeleta.from_npz(tmp_path / "nowhere.npz", axes="hidden,feature")


def test_model_files(model, tmp_path, monkeypatch):
    W, bias = model
    path = tmp_path / "model.h5"
    skeleta.save_model(path, W, bias, density=0.1, importance=np.arange(1.0, 6.0))
    found = skeleta.open(path)
    assert same(found, W, bias) and found.density.tolist() == [0.1] * 5
    assert found.importance.tolist() == [1, 2, 3, 4, 5]
    assert skeleta.loss(found).value == skeleta.loss(W, bias, 0.1, importance=found.importance).value
    skeleta.save_model(path, np.stack([W, 2 * W]), threshold=-bias)
    found = skeleta.open(path)
    assert found.W.shape == (2, 2, 5) and same(found[1], 2 * W, bias) and found[1].density is None
    with pytest.raises(ValueError, match="bias has shape"):
        skeleta.save_model(path, W, bias[:3])
    before = path.read_bytes()

    def full(*_):
        raise OSError("no space left")

    with monkeypatch.context() as disk, pytest.raises(OSError, match="no space left"):
        disk.setattr("h5py.File.__setitem__", full)
        skeleta.save_model(path, 3 * W)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.h5"]
    path.write_bytes(b"no such thing")
    with pytest.raises(OSError):
        skeleta.open(path)
    with pytest.raises(FileNotFoundError, match="nowhere.h5: no such file"):
        skeleta.open(tmp_path / "nowhere.h5")


GROUPED = skeleta.Law([0.1, 0.2, 0.3, 0.1, 0.1], values=["half-normal:1", "constant:2", "normal:0,1", "uniform:0,1",
                                                      "exponential:3"], groups="exclusive(0,1),parent(2,3,4)")


@pytest.mark.parametrize("instances", [None, 3])
@pytest.mark.parametrize("given", [
    dict(decoder=True), dict(activation="identity", noise=0.25),
    dict(activation="jumprelu", jump=True, decoder=True, noise=0.5, importance=[1.0, 2.0, 3.0, 4.0, 5.0]),
    dict(law=GROUPED), dict(law=skeleta.Law([0.1, 0.2, 0.3, 0.1, 0.1], values="half-normal:2"))])
def test_files_of_every_model_and_law(model, tmp_path, program, given, instances):
    rng = np.random.default_rng(8)
    stack = () if instances is None else (instances,)
    given = dict(given, W=rng.normal(size=(*stack, 2, 5)), bias=rng.normal(size=(*stack, 5)))
    if "decoder" in given:
        given["decoder"] = rng.normal(size=(*stack, 5, 2))
    if "jump" in given:
        given["jump"] = rng.uniform(size=(*stack, 5))
    path = tmp_path / "model.h5"
    skeleta.save_model(path, **given)
    found = skeleta.open(path)
    expected = skeleta.Model(**given)
    for name in ("W", "bias", "decoder", "jump"):
        ours, theirs = getattr(expected, name), getattr(found, name)
        assert (ours is None and theirs is None) or np.array_equal(ours, theirs), name
    assert (found.activation, found.noise) == (expected.activation, expected.noise)
    assert found.density is None
    if expected.law is None:
        assert found.law is None
    else:
        assert found.law.values == expected.law.values and found.law.groups == expected.law.groups
        assert (found.law.density == expected.law.density).all()
    again = tmp_path / "again.h5"
    skeleta.save_model(again, found)
    shown = program("show", path)
    assert shown == program("show", again) and shown["instances"] == (instances or 1)
    assert shown.get("decoder", "tied") == ("tied" if expected.decoder is None else "untied")
    assert (shown.get("activation", "relu"), shown.get("noise", 0.0)) == (expected.activation, expected.noise)
    if expected.law is not None:
        assert shown["groups"] == expected.law.groups and "half-normal" in shown["values"]
    data = {} if expected.law is not None else dict(density=0.1)
    k = 0 if instances is None else 1
    one = found if instances is None else found[k]
    ours = skeleta.estimate(one, **data, samples=10_000)
    flags = [f"--density={p}" for p in data.values()] + ([f"--instance={k}"] if instances else [])
    assert ours.value == program("estimate", path, "--samples=10000", *flags)["loss"]["value"]


def test_laws_of_files_have_all_their_parts(tmp_path):
    assert sorted(GROUPED._law.datasets()) == [
        "node_feature", "node_kind", "node_parent", "node_probability", "value_first", "value_law", "value_second"]
    plain = skeleta.Law([0.1, 0.2, 0.3])
    assert sorted(plain._law.datasets()) == ["density"]
    skeleta.save_model(tmp_path / "model.h5", np.eye(2, 3), law=plain)  # which densities say
    found = skeleta.open(tmp_path / "model.h5")
    assert found.law is None and found.density.tolist() == [0.1, 0.2, 0.3]
    for wrong, sentence in [(dict(law=plain, density=0.1), "give one of them"), (dict(activation="tanh"), "none of"),
                            (dict(decoder=np.eye(2)), "decoder has shape"), (dict(law=GROUPED), "law has 5 features")]:
        with pytest.raises(ValueError, match=sentence):
            skeleta.save_model(tmp_path / "wrong.h5", np.eye(2, 3), **wrong)
        assert not (tmp_path / "wrong.h5").exists()
    with pytest.raises(ValueError, match="the model brings its own"):
        skeleta.save_model(tmp_path / "wrong.h5", found, np.zeros(3))


def test_geometry(model):
    W = np.array([[np.cos(t), np.sin(t)] for t in 2 * np.pi * np.arange(5) / 5]).T
    found = skeleta.geometry(W)
    assert found.dimensionality == pytest.approx(np.full(5, 0.4)) and found.norm == pytest.approx(np.ones(5))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    match = skeleta.congruence(W, turn @ W[:, [3, 1, 4, 0, 2]])
    assert match.rms < 1e-12 and match.orthogonal.shape == (2, 2)
    assert skeleta.congruence(skeleta.Model(W), skeleta.Model(turn @ W)).rms < 1e-12
    with pytest.raises(ValueError, match="W has shape"):
        skeleta.geometry(np.ones(3))


def test_tables_for_notebooks(model):
    for found in (skeleta.loss(*model, 0.1), skeleta.estimate(*model, 0.1, rel_tol=1e-2),
                  skeleta.loss(np.stack([model[0]] * 2), model[1], 0.1), skeleta.Evaluator(5, 0.1).loss(*model)):
        html = found._repr_html_()
        assert html.startswith("<table>") and html.endswith("</table>") and len(html.split("<tr>")) > 2


def test_the_old_name_of_the_readers():
    import skeleta_analysis

    import skeleta.files
    import skeleta.figures

    assert skeleta.files.open is skeleta_analysis.open
    assert skeleta.figures.contributions is skeleta_analysis.contributions


@pytest.mark.parametrize("law, sentence", [
    (dict(density=0.1, features=3, values=None), "values = None must be a text such as 'uniform:0,1', or a list"),
    (dict(density=0.1, features=3, values=7), "values = 7 must be a text"),
    (dict(density=0.1, features=1e12), "features = 1000000000000 are too many: a law may have 10000000"),
    (dict(density="zipf:1", features=10**9), "features = 1000000000 are too many")])
def test_laws_that_are_none_say_why(law, sentence):
    with pytest.raises(ValueError, match=sentence):
        skeleta.Law(**law)


def test_a_dictionary_of_one_feature_in_two_dimensions():
    """W is [hidden, feature] as everywhere: the loss is that of the model, not of two features."""
    W = np.array([[0.6], [0.5]])
    here = skeleta.dictionary(W, [0.1], 0.3)
    assert here.loss == pytest.approx(skeleta.loss(W, [0.1], 0.3).value, rel=1e-6)


def test_a_dictionary_has_the_importances_of_its_model():
    W = np.array([[1.0, 0.3, -0.8], [0.0, 0.95, -0.6]], dtype=np.float32)
    data = dict(threshold=[0.1, 0.05, 0.02], density=np.array([0.1, 0.2, 0.05]), importance=np.array([1.0, 20.0, 0.3]))
    found = skeleta.dictionary(W, **data, rel_tol=1e-8)
    right = skeleta.loss(W, **data)
    assert abs(found.loss - right.value) <= found.error_bound + right.error_bound
    assert [output["importance"] for output in found.outputs] == [1.0, 20.0, 0.3]
    assert skeleta.dictionary(W, **{**data, "importance": 1.0}).loss != found.loss


@pytest.mark.parametrize("other, sentence", [
    (dict(activation="identity"), "/activation says that outputs are no ReLU"),
    (dict(noise=0.3), "/noise says that there is hidden noise"),
    (dict(law=skeleta.Law([0.1] * 3, values="half-normal:1")), "/value_law says that values are not uniform"),
    (dict(law=skeleta.Law([0.1] * 3, values="uniform:0,2")), "/value_law says that values are not uniform"),
    (dict(law=skeleta.Law([0.1] * 3, groups="exclusive(0,1)")), "/node_kind says that features come in groups")])
def test_a_model_of_another_kind_is_no_dictionary(other, sentence):
    data = {} if "law" in other else {"density": np.full(3, 0.1)}
    with pytest.raises(ValueError, match=sentence):
        skeleta.dictionary(skeleta.Model([[1.0, 0.3, -0.8]], [0.0, 0.0, 0.0], **data, **other))


def test_a_model_with_jumps_is_a_dictionary():
    jumps = skeleta.Model(np.array([[1.0, 0.25, -0.5]]), [0.0, 0.0, 0.0], activation="jumprelu", jump=[0.1, 0.0, 0.2],
                          density=np.full(3, 0.1))
    found, right = skeleta.dictionary(jumps, rel_tol=1e-8), skeleta.loss(jumps)
    assert abs(found.loss - right.value) <= found.error_bound + right.error_bound
