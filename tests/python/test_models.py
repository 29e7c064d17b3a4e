"""Models from elsewhere, and files."""

import json

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
    assert same(skeleta.from_state_dict({"W": W.T, "b": -bias}, axes="feature,hidden"), W, bias)
    for state, given, sentence in [({"W": W}, dict(axes="up"), "none of hidden,feature"),
                                   ({"weights": W}, {}, "no known layout has the names weights"),
                                   ({"W": W, "bias": bias, "b": bias}, dict(axes="hidden,feature"), "both"),
                                   ({"W": W}, dict(layout="toy-models"), "has b_final")]:
        with pytest.raises(ValueError, match=sentence):
            skeleta.from_state_dict(state, **given)


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
    for damaged in (b"", path.read_bytes()[:40], path.read_bytes()[:-8], b"\x05" + b"\0" * 7 + b"[1,2]"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="no safetensors file"):
            skeleta.from_safetensors(path, axes="hidden,feature")


def test_model_files(model, tmp_path):
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
