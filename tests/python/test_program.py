"""The same numbers as the program, to the last bit, for the same options."""

import copy
import gc
import os
import pickle

import numpy as np
import pytest

import skeleta


@pytest.fixture
def file(model, tmp_path):
    path = tmp_path / "model.h5"
    skeleta.save_model(path, *model, density=0.1)
    return path


def without(found, *keys):
    """found, at all depths, without these keys of objects."""
    if isinstance(found, list):
        return [without(one, *keys) for one in found]
    if isinstance(found, dict):
        return {key: without(value, *keys) for key, value in found.items() if key not in keys}
    return found


OF_THE_RUN = ("seconds", "threads")


@pytest.mark.parametrize("method", ["plain", "stratified", "quasi", "importance", "auto", "exact"])
def test_estimate(model, file, program, method):
    given = {} if method == "exact" else dict(rel_tol=1e-2, seed=5)
    flags = [] if method == "exact" else ["--rel-tol", "1e-2", "--seed", 5]
    theirs = program("estimate", file, "--method", method, *flags)
    ours = skeleta.estimate(*model, 0.1, method=method, **given)
    expected = without(theirs, *OF_THE_RUN, "choice")
    if method == "exact":
        expected.pop("seed")
    assert without(ours.json(), *OF_THE_RUN, *(["seed"] if method == "exact" else [])) == expected
    assert ours.value == theirs["loss"]["value"]
    assert ours.skeletons["contribution"].tolist() == [one["contribution"] for one in theirs["skeletons"]]


def test_auto_is_the_default_of_estimate(model, file, program):
    ours = skeleta.estimate(*model, 0.1)
    assert ours.method == "exact" and ours.value == program("estimate", file)["loss"]["value"]
    assert skeleta.estimate(*model, 0.1, samples=1000).samples == 1000


def test_other_options_of_estimate(model, file, program):
    theirs = program("estimate", file, "--samples", "1e4", "--precision", "float32", "--confidence", 0.9)
    ours = skeleta.estimate(*model, 0.1, samples=1e4, precision="float32", confidence=0.9, threads=1)
    assert without(ours.json(), *OF_THE_RUN) == without(theirs, *OF_THE_RUN, "choice")
    theirs = program("estimate", file, "--method", "exact", "--abs-tol", "1e-3", "--skeletons", 1)
    ours = skeleta.estimate(*model, 0.1, method="exact", abs_tol=1e-3, skeletons=1)
    assert ours.value == theirs["loss"]["value"] and ours.error_bound == theirs["loss"]["error_bound"]
    assert len(ours.skeletons["l"]) == 2


def test_exact_loss(model, file, program):
    theirs = program("estimate", file, "--method", "exact")
    ours = skeleta.loss(*model, 0.1)
    assert abs(ours.value - theirs["loss"]["value"]) <= ours.error_bound + theirs["loss"]["error_bound"]
    assert ours.skeletons["contribution"].tolist() == [one["contribution"] for one in theirs["skeletons"]]
    assert ours.one_sparse == theirs["one_sparse"]


def test_train(program, tmp_path):
    given = dict(features=4, hidden=2, sparsity=0.9, starts=3, seed=7)
    ours = skeleta.train(**given)
    theirs = program("train", *(f"--{name}={value}" for name, value in given.items()))
    assert without(ours.json, *OF_THE_RUN) == without(theirs, *OF_THE_RUN)
    ours.to_hdf5(tmp_path / "run.h5")
    again = program("show", tmp_path / "run.h5")
    assert again["filetype"] == "skeleta train"
    best = skeleta.open(tmp_path / "run.h5").model["W"].values[0]
    assert skeleta.loss(best, density=1 - 0.9).value > 0.0
    assert (ours.data.model["W"].values[0] == best).all()


def test_progress_of_commands():
    """Told about while it is at work, and nothing is changed by that."""
    given = dict(features=40, hidden=6, sparsity=0.9, starts=10, steps=25, threads=1)
    calls = []
    ours = skeleta.train(**given, progress=lambda done, words: calls.append((done, words)))
    assert calls and all(0.0 <= done <= 1.0 and "starts" in words for done, words in calls)
    assert without(ours.json, *OF_THE_RUN) == without(skeleta.train(**given).json, *OF_THE_RUN)

    def stop(done, words):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        skeleta.train(**given, progress=stop)


def test_train_from_a_model(model):
    found = skeleta.train(init=skeleta.Model(*model), starts=1, sparsity=0.9)
    assert found.best["loss"] < skeleta.loss(*model, 0.1).value


def test_other_commands(model, file, program):
    for ours, theirs in [
            (skeleta.approximate(*model, 0.1), ["approximate", file]),
            (skeleta.spectrum(*model, 0.1), ["spectrum", file]),
            (skeleta.dictionary(*model, 0.1, skeletons=3), ["dictionary", file, "--skeletons=3"]),
            (skeleta.basins(features=2, hidden=1, sparsity=0.9, starts=9, interference=0.01),
             ["basins", "--features=2", "--hidden=1", "--sparsity=0.9", "--starts=9", "--interference=0.01"]),
            (skeleta.certify(phases=True, importances=[0.5, 1.0], densities=[0.1]),
             ["certify", "--phases", "--importances=0.5,1", "--densities=0.1"]),
            (skeleta.thomson.solve(5, 3, starts=4, energy="log"),
             ["thomson", "solve", "--points=5", "--dimension=3", "--starts=4", "--energy=log"]),
            (skeleta.thomson.match(file, energies=["coulomb", "riesz:2"]),
             ["thomson", "match", file, "--energies=coulomb,riesz:2"]),
            (skeleta.linear.flow(eigenvalues=[3.0, 2.0, 1.0], hidden=2),
             ["linear", "flow", "--eigenvalues=3,2,1", "--hidden=2"]),
            (skeleta.linear.flow(features=4, sparsity=0.7, hidden=2, aligned=True, seed=3),
             ["linear", "flow", "--features=4", "--sparsity=0.7", "--hidden=2", "--aligned", "--seed=3"]),
            (skeleta.linear.critical_points(eigenvalues=[5, 4.5, 1 / 3], hidden=2),
             ["linear", "critical-points", f"--eigenvalues=5,4.5,{1 / 3!r}", "--hidden=2"]),
            (skeleta.linear.critical_points(features=5, sparsity=0.9, hidden=2, model=file),
             ["linear", "critical-points", "--features=5", "--sparsity=0.9", "--hidden=2", "--model", file]),
            (skeleta.linear.moments(features=5, sparsity=[0.9, 0.5], samples=[100, 1000], seed=2),
             ["linear", "moments", "--features=5", "--sparsity=0.9,0.5", "--samples=100,1000", "--seed=2"])]:
        theirs = program(*theirs)
        names = {*OF_THE_RUN, "model"}
        assert without(ours.json, *names) == without(theirs, *names)


def test_certificates(tmp_path):
    found = skeleta.certify(phases=True, densities=[0.1])
    path = tmp_path / "phases.txt"
    path.write_text(found.certificate)
    assert skeleta.certify(check=path).certified["proven"]
    path.write_text(found.certificate.replace("phase antipodal", "phase either"))
    with pytest.raises(ValueError, match="has been changed"):
        skeleta.certify(check=path)
    with pytest.raises(ValueError, match="only what certify proves"):
        skeleta.thomson.solve(5, 3, starts=1).certificate


def test_every_command_is_compared():
    """With what the program prints, in this file: a new one must be too."""
    assert set(skeleta._core.commands()) == {
        "estimate", "train", "sweep", "approximate", "basins", "certify", "dictionary", "spectrum", "thomson solve",
        "thomson match",
        "linear critical-points", "linear flow", "linear moments"}


def test_geometry(model, file, program):
    [theirs] = program("show", "--geometry", file)["instances"]
    ours = vars(skeleta.geometry(model[0]))
    renamed = {"represented": "columns", "coherence_signed": "signed_coherence",
               "coherence_absolute": "absolute_coherence"}
    for name in theirs.keys() - {"instance", "distance_to_first"}:
        assert np.array_equal(ours.pop(renamed.get(name, name)), theirs[name]), name
    assert not ours
    others = np.stack([model[0], 2.0 * model[0][::-1]])
    skeleta.save_model(file, others)
    second = program("show", "--geometry", file)["instances"][1]
    assert skeleta.congruence(others[0], others[1]).rms == second["distance_to_first"]


def test_sweep(tmp_path, program):
    plan = {"features": [3], "hidden": [1], "sparsity": [0.5, 0.9], "starts": 2}
    path = tmp_path / "plan.toml"
    path.write_text('features = [3]\nhidden = [1]\nsparsity = [0.5, 0.9]\nstarts = 2\n')
    try:
        theirs = program("sweep", path)
    except Exception as error:
        pytest.fail(error.stderr)
    assert without(skeleta.sweep(plan).json, *OF_THE_RUN) == without(theirs, *OF_THE_RUN)
    untied = skeleta.sweep(dict(plan, untied=True, objective=["exact", "sampled"], steps=20))
    assert untied.data.sweep.W_out.dims == ("cell", "feature", "dimension") and len(untied.cells) == 4
    trained = skeleta.train(features=3, hidden=1, sparsity=0.5, starts=2, untied=True, objective="sampled", steps=20,
                            optimizer="lbfgs")  # as the first of the plan's
    assert trained.best["loss"] == untied.cells[1]["loss"]


def test_options_are_the_programs(model):
    with pytest.raises(TypeError, match="no option 'start', did you mean starts"):
        skeleta.train(features=3, hidden=1, sparsity=0.5, start=2)
    with pytest.raises(TypeError, match=r"no option 'output': .to_hdf5\(FILE\) of its result writes one$"):
        skeleta.train(features=3, hidden=1, sparsity=0.5, output="x.h5")
    with pytest.raises(TypeError, match="^train has no option 'shard'"):  # of files, which the program merges
        skeleta.train(features=3, hidden=1, sparsity=0.5, starts=2, shard="0/2")
    with pytest.raises(ValueError, match="^train needs sizes: features D hidden d$"):
        skeleta.train(sparsity=0.5)
    with pytest.raises(ValueError, match="optimizer.*nadam.* is none of"):
        skeleta.train(features=3, hidden=1, sparsity=0.5, optimizer="nadam")
    with pytest.raises(ValueError, match="replicates is not for method 'plain'"):
        skeleta.estimate(*model, 0.1, method="plain", replicates=4)
    with pytest.raises(ValueError, match="method 'best' is none of stratified"):
        skeleta.estimate(*model, 0.1, method="best")
    with pytest.raises(FileNotFoundError, match="nowhere.h5"):
        skeleta.approximate("nowhere.h5")
    for given in (0, 1, np.int64(0), "False"):
        with pytest.raises(ValueError, match="aligned must be True or False, not "):
            skeleta.linear.flow(eigenvalues=[2, 1], hidden=1, aligned=given)
    with pytest.raises(ValueError, match="not of 2 axes"):
        skeleta.linear.flow(eigenvalues=np.eye(2), hidden=1)
    with pytest.raises(ValueError, match="the file has its own density"):
        skeleta.thomson.match(skeleta.Model(*model), energies=["log"]) and skeleta._command.model_file(
            b"model.h5", density=[0.1]).__enter__()


def test_commands_for_one_model_take_no_first_one(model):
    stack = np.stack([model[0], 2.0 * model[0]])
    for command in (lambda W: skeleta.approximate(W, density=0.1), skeleta.thomson.match,
                    lambda W: skeleta.train(init=skeleta.Model(W), sparsity=0.9, starts=1),
                    lambda W: skeleta.linear.critical_points(features=5, sparsity=0.9, hidden=2, model=W)):
        with pytest.raises(ValueError, match=r"W has 2 instances, but one is needed: W\[k\]"):
            command(stack)
        command(stack[1]), command(stack[1:])
    second = skeleta.approximate(stack, density=0.1, instance=1)
    assert second.instance == 1 and second.loss == skeleta.approximate(stack[1], density=0.1).loss


def test_options_of_any_type_of_number(program):
    def arguments(**options):
        return skeleta._command.arguments_of("train", options)

    assert arguments(features=np.array(3), hidden=np.int8(2), sparsity=np.float64(0.1)) == [
        "--features=3", "--hidden=2", "--sparsity=0.1"]
    assert arguments(density=np.array([0.1, 1 / 3]), untied=np.True_) == [f"--density=0.1,{1 / 3!r}", "--untied"]
    assert arguments(density=range(2), untied=np.False_, seed=None) == ["--density=0,1"]
    laws = ["uniform:0,1", "half-normal:2"]
    ours = skeleta.train(features=2, hidden=1, sparsity=0.9, starts=1, values=laws)
    theirs = program("train", "--features=2", "--hidden=1", "--sparsity=0.9", "--starts=1", "--values=" + ";".join(laws))
    assert ours.best == theirs["best"]
    plan = dict(features=range(2, 4), hidden=np.array([1]), sparsity=(0.5,), starts=np.int64(1), values=None)
    assert len(skeleta.sweep(plan).cells) == 2
    with pytest.raises(ValueError, match="a plan has numbers, texts and lists of them"):
        skeleta.sweep(dict(plan, starts=object()))


def test_files_of_any_name(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("-model.h5", "\u6a21 \u578b.h5", b"model\xff.h5", tmp_path / "m.h5"):
        skeleta.save_model(name, *model, density=0.1)
        assert np.array_equal(skeleta.open(name).W, model[0])
        assert skeleta.approximate(name).hidden == 2
        found = skeleta.train(init=name, sparsity=0.9, starts=1)
        found.to_hdf5(name)
        assert np.array_equal(skeleta.open(name).model["W"].values[0], found.data.model["W"].values[0])
    with pytest.raises(OSError, match="nowhere\udcff.h5: no such file"):
        skeleta.read_model(b"nowhere\xff.h5")


def test_results_keep_their_file():
    """Copies too, and what was pickled; a fork does not take it away."""
    found = skeleta.thomson.solve(4, 3, starts=2)
    others = [copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))]
    child = os.fork()
    if child == 0:
        del found, others
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    energy, file = found.energy, found._file
    assert found.data.attributes["filetype"] == "skeleta thomson solve"
    del found
    gc.collect()
    assert not file.exists()
    for other in others:
        assert other.energy == energy and other.data.attributes["filetype"] == "skeleta thomson solve"
    assert "starts" in skeleta.train.__doc__ and "starts" in str(skeleta.train.__signature__)
