// The kinds of files without a model of their own, beside h5py: golden ones, and those that the program writes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cleanUp, folder, launch, openFile, openPage, openTab, picture, root, withFileIn } from "./browser.mjs";
import { assertRecords, assertShows, facts, parse, records } from "./shown.mjs";

const fixtures = join(root, "data/fixtures");
const program = process.env.SKELETA_PROGRAM;
const skip = program && existsSync(program) ? false : "needs SKELETA_PROGRAM";
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); cleanUp(); });
const withFile = (...what) => withFileIn(browser, ...what);

/** What the program writes, into a file of that name. */
function written(name, ...command) {
  const file = join(folder, `${name}.h5`);
  const { status, stderr } = spawnSync(program, [...command, "-o", file, "--quiet"], { encoding: "utf8" });
  assert.ok(status === 0 || status === 3, stderr); // 3: ended before its target
  return file;
}

const sections = (page) => page.$$eval("section", (list) => list.map((e) => e.id));

test("every golden file opens with more than its overview, in the light, and in the dark that falls", async () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith(".h5"))) {
    await withFile(join(fixtures, name), { colorScheme: "light" }, async (page) => {
      const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const day = await paper();
      assert.ok((await sections(page)).length > 1, name);
      await picture(page, `${name.replace(".h5", "")}_light`);
      await page.emulateMedia({ colorScheme: "dark" });
      assert.notEqual(await paper(), day);
      assert.ok((await sections(page)).length > 1, name);
      await picture(page, `${name.replace(".h5", "")}_dark`);
    });
  }
});

test("axes that count have whole numbers", async () => {
  const { page, troubles, close } = await openTab(browser);
  await page.addInitScript(() => {
    window.written = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
      window.written.push(text);
      return write.call(this, text, ...place);
    };
  });
  await openPage(page);
  for (const [name, between] of [["basins", "1.50"], ["dictionary", "0.5"]]) {
    await page.evaluate(() => { window.written = []; });
    await openFile(page, join(fixtures, `${name}.h5`));
    const written = await page.evaluate(() => window.written);
    assert.ok(written.includes("1") && written.includes("2"), `${written}`);
    assert.ok(!written.includes(between), `${written}`);
  }
  assert.deepEqual(troubles, []);
  await close();
});

test("the law of the data: densities, values and groups", { skip }, () =>
  withFile(written("law", "train", "--features", "8", "--hidden", "2", "--density", "zipf:1.5:0.4",
    "--values", `${"half-normal:2;".repeat(5)}constant:1;normal:0,1;uniform:-1,1`,
    "--groups", "exclusive(together:0.1(0,1),parent:0.2(4,5:0.5),6:0.05)", "--starts", "1", "--steps", "2"),
  {}, async (page, file) => {
    assert.ok((await sections(page)).includes("data"));
    await picture(page, "law");
    const laws = await records(page, "Law of the values of each feature");
    assert.deepEqual(laws.map((row) => row.Values.text), [...Array(5).fill("half-normal of scale 2"), "always 1",
      "normal of mean 0 and deviation 1", "uniform on [−1, 1]"]);
    assert.deepEqual(await page.$$eval("#data li", (list) => list.map((e) => e.textContent)),
      ["at most one [together [0, 1] (0.1), parent, children [4, 5 (0.5)] (0.2), 6 (0.05)]"]);
    const density = file.shape("/data/density")[0];
    const label = await page.$eval("#data .plot", (plot) => plot.ariaLabel);
    assert.match(label, new RegExp(`^The densities of ${density} features, from 0\\.2 to `));
    assert.equal(await page.isChecked("#data input[type=checkbox]"), true);
  }));

test("a file of plain features names their law", () =>
  withFile(join(fixtures, "train.h5"), {}, async (page) => {
    assert.match(await page.textContent("#data"), /uniform on \[0, 1\].*The features are independent/s);
    assert.equal(await page.$("#data canvas.groups"), null);
  }));

test("linear_flow.h5: where the flows end, their losses and strengths are h5py's", () =>
  withFile(join(fixtures, "linear_flow.h5"), {}, async (page, file) => {
    const times = file.shape("/flow/time")[0];
    const table = await records(page, "Where the flows end");
    assert.deepEqual(table.map((row) => row.Flow.text), ["untied", "encoder", "decoder", "gradient"]);
    assertRecords(table, {
      "Loss of the nearest critical point": "nearest_loss", "Distance of AB to it": "nearest_distance", Steps: "steps",
    }, (path, k) => file.at(`/flow/${path}`, k));
    table.forEach((row, k) => assertShows(row["Final loss"], file.row("/flow/loss", k)[times - 1], "final loss"));

    const [losses, strengths] = await page.$$("#flow .plot");
    await losses.hover();
    const text = await readout(page, 0);
    const [, time, shown] = /^time (\S+): (.+)$/.exec(text);
    const place = nearest(file, "/flow/time", parse(time).value);
    shown.split(", ").forEach((part, rule) =>
      assertClose(part.split(" ").slice(1).join(" "), file.row("/flow/loss", rule)[place], text));

    const modes = file.shape("/flow/mode")[0];
    for (const rule of [0, 1]) {
      await page.locator("#flow select").selectOption({ index: rule });
      await page.waitForFunction((name) => document.querySelectorAll("#flow .plot")[1].ariaLabel.endsWith(`${name}.`),
        table[rule].Flow.text);
      await page.mouse.move(0, 0);
      await strengths.hover();
      const read = await readout(page, 1);
      const at = nearest(file, "/flow/time", parse(/^time (\S+):/.exec(read)[1]).value);
      read.split(": ")[1].split(", ").forEach((part, mode) => assertClose(/= \S+ (.+)$/.exec(part)[1],
        file.row("/flow/strength", rule)[at * modes + mode], read));
    }
  }));

/** What the k-th chart of the flow says about the place that is pointed at. */
async function readout(page, k) {
  const found = await page.waitForFunction((n) => {
    const text = document.querySelectorAll("#flow .readout")[n].textContent;
    return text.startsWith("time") ? text : null;
  }, k);
  return found.jsonValue();
}

function nearest(file, path, value) {
  const distances = Array.from({ length: file.shape(path)[0] }, (_, k) => Math.abs(file.at(path, k) - value));
  return distances.indexOf(Math.min(...distances));
}

function assertClose(text, number, what) {
  const { value, half } = parse(text);
  assert.ok(Math.abs(value - number) <= 1.000001 * half, `${what}: ${number}`);
}

/** What training on few active features costs. */
async function assertCosts(page, file) {
  const most = file.shape("/approximation/k")[0];
  const table = await records(page, "Trained on at most k active features");
  assert.equal(table.length, file.shape("/approximation/sparsity")[0] * most);
  assertRecords(table, {
    "Least loss up to k": "lower", "Whole loss there": "upper", "Least whole loss": "minimum", Excess: "excess",
    Distance: "distance", Hits: "hits",
  }, (path, k) => file.at(`/approximation/${path}`, k));
  table.forEach((row, k) => {
    const at = (name) => file.at(`/approximation/${name}`, k);
    assertShows(row["Sparsity S"], file.at("/approximation/sparsity", Math.floor(k / most)), "sparsity");
    assert.equal(Number(row.k.text), file.at("/approximation/k", k % most));
    assertShows(row["Excess / least"], at("excess") / at("minimum"), "relative excess");
    assertShows(row["Share beyond"], 1 - at("lower") / at("upper"), "share beyond");
    assert.equal(row.Same.text, at("same_configuration") ? "yes" : "no");
  });
}

test("approximate.h5: what training on few active features costs is h5py's, and drawn twice", () =>
  withFile(join(fixtures, "approximate.h5"), {}, async (page, file) => {
    await assertCosts(page, file);
    assert.equal(await page.locator("#approximation .plot").count(), 2);
  }));

test("approximate of models: the law of N, the loss it leaves out and the gradients are h5py's", { skip }, () =>
  withFile(written("of_models", "approximate", join(fixtures, "train.h5"), "--instance", "all"), {}, async (page, file) => {
    for (let k = 0; k < file.shape("/approximation/instance")[0]; k++) {
      await page.locator("#top select").selectOption({ index: k });
      await page.waitForFunction((value) => [...document.querySelectorAll("#approximation data")]
        .some((e) => Number(e.value) === value), file.row("/approximation/beyond", k)[0]);
      const table = await records(page, "Number of active features");
      assert.equal(table.length, file.shape("/approximation/l")[0]);
      assertRecords(table, { "P(N = l)": "probability", "P(N ≥ l)": "tail", "Union bound": "union_bound",
        "Chernoff bound": "chernoff_bound", Poisson: "poisson" }, (path, l) => file.at(`/approximation/${path}`, l));
      assertRecords(table, { "Loss on Ql": "contribution", "Loss beyond Ql": "beyond", "Its upper bound": "beyond_bound",
        "Its share": "share_beyond" }, (path, l) => file.row(`/approximation/${path}`, k)[l]);
      assertRecords(await records(page, "Gradient of the loss"), { "Size ratio": "gradient_size",
        "Difference, relative": "gradient_difference", "Angle in radians": "gradient_angle" },
      (path, n) => file.row(`/approximation/${path}`, k)[n]);
    }
  }));

test("approximate --train of one model has its costs without a curve", { skip }, () =>
  withFile(written("trained", "approximate", join(root, "data/trained/n5_m2_S0.95.h5"), "--train", "--starts", "4"), {},
    async (page, file) => {
      await assertCosts(page, file);
      assert.equal(await page.locator("#approximation .plot").count(), 0);
    }));

test("approximate --table: the law at several sparsities is h5py's", { skip }, () =>
  withFile(written("sparsities", "approximate", "--features", "20", "--table", "0.9,0.99"), {}, async (page, file) =>
    assertRecords(await records(page, "Number of active features at several sparsities"),
      { "Sparsity S": "sparsity", "P(N = 0)": "none", "P(N = 1)": "one", "P(N ≥ 2)": "two" },
      (path, k) => file.at(`/approximation/table_${path}`, k))));

test("approximate --certify: the certified interval is h5py's, finished or not", { skip }, async () => {
  const command = ["approximate", "--features", "2", "--hidden", "1", "--sparsity", ".9", "--certify"];
  for (const [name, more] of [["certified", []], ["certified_so_far", ["--max-boxes", "100"]]]) {
    await withFile(written(name, ...command, ...more), {}, async (page, file) => {
      const shown = await facts(page, "#approximation");
      for (const [term, path] of [["No model has less than", "lower"], ["The best model has at most", "upper"],
        ["Boxes", "boxes"], ["Rounds", "rounds"]]) assertShows(shown[term], file.at(`/certified/${path}`), term);
      assert.equal(shown["Stop reason"].text, more.length ? "boxes" : "gap");
      assert.equal("Boxes that are still open" in shown, file.has("/certified/box"));
      await picture(page, name);
    });
  }
});

test("linear moments: distances and bounds are h5py's", { skip }, () =>
  withFile(written("moments", "linear", "moments", "--features", "20", "--sparsity", "0.9,0.99", "--samples", "1e3,1e4,1e5"), {},
    async (page, file) => {
      const of = (path, k) => file.at(`/moments/${path}`, k);
      const norms = await records(page, "Relative Frobenius norms");
      assert.equal(norms.length, 6);
      assertRecords(norms, { "Density p": "density", "Samples T": "samples", Mean: "interaction", Noise: "noise",
        Distance: "distance", "Measured noise": "measured_noise", "Measured distance": "measured_distance" }, of);
      assertRecords(await records(page, "Relative spectral norms"), { Noise: "spectral_noise",
        "Bound of the noise": "noise_bound", Distance: "spectral_distance", "Bound of the distance": "distance_bound" }, of);
      await picture(page, "moments");
    }));

test("linear critical-points: sets, losses and ways down are h5py's, the first 500 of them", { skip }, async () => {
  for (const [name, count, ...options] of [["critical", 16, "--eigenvalues", "5,4,3,2,1", "--hidden", "2"],
    ["critical_many", 500, "--features", "12", "--sparsity", ".9", "--hidden", "4"]]) {
    await withFile(written(name, "linear", "critical-points", ...options), {}, async (page, file) => {
      const table = await records(page, "Families of critical points");
      assert.equal(table.length, count);
      assert.equal(await page.locator("#critical caption", { hasText: "the first 500 of" }).count(), count === 500 ? 1 : 0);
      assertRecords(table, { Rank: "rank", Loss: "loss", "Negative directions": "negative_directions" },
        (path, k) => file.at(`/critical/${path}`, k));
      table.forEach((row, k) => {
        const members = file.row("/critical/member", k).flatMap((in_, mode) => (in_ ? [mode + 1] : []));
        assert.equal(row.Set.text, `{${members.join(", ")}}`);
        assert.equal(row.Kind.text, file.at("/critical/kind", k) === 0 ? "minimum" : "saddle");
      });
      await picture(page, name);
    });
  }
});

/** The energies and cosines of every instance of a match. */
async function assertMatch(page, file) {
  for (let k = 0; k < file.shape("/thomson/instance")[0]; k++) {
    await page.locator("#top select").selectOption({ index: k });
    const cosine = file.at("/thomson/coherence_signed", k);
    await page.waitForFunction((value) => [...document.querySelectorAll("#thomson dd data")]
      .some((e) => Object.is(Number(e.value), value ?? NaN)), cosine);
    assertRecords(await records(page, "Unit columns"), { "Least energy": "energy", "Energy of the columns": "columns_energy",
      Ratio: "energy_ratio", "Least energy − known": "difference", "Distance (rms)": "rms_distance",
      "Its lower bound": "rms_lower_bound" }, (path, kind) => file.row(`/thomson/${path}`, k)[kind]);
    const shown = await facts(page, "#thomson");
    for (const [term, path] of [["Largest cosine of two columns", "coherence_signed"],
      ["… never below (simplex bound)", "simplex_bound"], ["Largest absolute cosine", "coherence_absolute"],
      ["… never below (Welch bound)", "welch_bound"]]) assertShows(shown[term], file.at(`/thomson/${path}`, k), term);
  }
}

test("thomson_match.h5: energies and cosines of each instance are h5py's", () =>
  withFile(join(fixtures, "thomson_match.h5"), {}, assertMatch));

test("the match of a sweep, whose models have different sizes, is shown without them", { skip }, () =>
  withFile(written("matched_sweep", "thomson", "match", join(fixtures, "sweep.h5"), "--instance", "all", "--starts", "2"), {},
    async (page, file) => {
      assert.deepEqual(await sections(page), ["overview", "thomson"]);
      await assertMatch(page, file);
    }));

test("of energies that vanish no ratio is shown", { skip }, () => {
  const model = written("line", "train", "--features", "2", "--hidden", "1", "--density", "0.05", "--starts", "2");
  const match = written("vanishing", "thomson", "match", model, "--energies", "coulomb,relu:0");
  return withFile(match, {}, async (page, file) => {
    const table = await records(page, "Unit columns");
    assert.equal(file.row("/thomson/energy", 0)[1], 0);
    assert.equal(table[1].Ratio.text, "–");
    assert.notEqual(table[0].Ratio.text, "–");
  });
});

test("thomson solve: energy, symmetries and hits are h5py's", { skip }, () =>
  withFile(written("solved", "thomson", "solve", "--points", "12", "--dimension", "3"), {}, async (page, file) => {
    const table = await records(page, "Points of least energy");
    assert.equal(table[0]["Energy of a pair"].text, "coulomb");
    assertRecords(table, { Energy: "energy", "Least known": "known_energy", Difference: "difference",
      "Norm of the gradient": "gradient_norm", Symmetries: "symmetry_order",
      [`Hits of ${file.shape("/thomson/start")[0]} starts`]: "hits" }, (path, k) => file.at(`/thomson/${path}`, k));
    assert.ok(!await page.isVisible("text=Thomson match"), "the columns are the configuration itself");
  }));

test("spectrum.h5: what each model is, and its eigenvalues, are h5py's", () =>
  withFile(join(fixtures, "spectrum.h5"), {}, async (page, file) => {
    assert.deepEqual(await sections(page), ["overview", "spectrum"]);
    const table = await records(page, "All models of the file");
    assert.equal(table.length, file.shape("/spectrum/instance")[0]);
    assertRecords(table, { Loss: "loss", Rank: "rank", Negative: "negative", "Unexplained zeros": "unexplained",
      "Learning coefficient λ": "learning_coefficient" }, (path, k) => file.at(`/spectrum/${path}`, k));
    assert.equal(table.filter((row) => row["It is"].text === "saddle").length,
      table.filter((_, k) => file.at("/spectrum/negative", k) > 0).length);
    for (const k of [0, 3]) {
      await page.locator("#top select").selectOption({ index: k });
      const least = file.row("/spectrum/eigenvalues", k)[0], zero = file.at("/spectrum/zero", k);
      await page.waitForFunction((value) => [...document.querySelectorAll("#spectrum details data")]
        .some((e) => Number(e.value) === value), least);
      const values = await records(page, "Eigenvalues of the Hessian");
      assertRecords(values, { Eigenvalue: "eigenvalues" }, (path, n) => file.row(`/spectrum/${path}`, k)[n]);
      values.forEach((row, n) => {
        const value = file.row("/spectrum/eigenvalues", k)[n];
        assert.equal(row["Counts as"].text, Math.abs(value) <= zero ? "zero" : value > 0 ? "positive" : "negative");
      });
      const negative = file.at("/spectrum/negative", k);
      assert.match(await page.$eval("#spectrum .plot", (plot) => plot.ariaLabel), new RegExp(`, ${negative} negative, `));
    }
  }));

test("basins.h5: shares, intervals and ends are h5py's", () =>
  withFile(join(fixtures, "basins.h5"), {}, async (page, file) => {
    assert.deepEqual(await sections(page), ["overview", "data", "basins"]);
    const order = [...Array(file.shape("/basins/value")[0]).keys()]
      .sort((i, j) => file.at("/basins/value", i) - file.at("/basins/value", j));
    assertRecords(await records(page, "Ends of the flows"), { Value: "value", Probability: "probability", "At least": "lower",
      "At most": "upper", Flows: "count", "First start": "first_start" }, (path, k) => file.at(`/basins/${path}`, order[k]));
    const widths = await page.$$eval("#basins .bar-of-share", (bars) =>
      bars.map((bar) => bar.getBoundingClientRect().width / bar.parentElement.clientWidth));
    widths.forEach((width, k) => assert.ok(Math.abs(width - file.at("/basins/probability", order[k])) < 0.01));
  }));

test("a narrow window shows these kinds without sideways scrolling", async () => {
  for (const name of ["linear_flow", "approximate", "thomson_match", "spectrum", "basins"]) {
    await withFile(join(fixtures, `${name}.h5`), { viewport: { width: 390, height: 800 } }, async (page) => {
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= window, `${name}: ${content} > ${window}`);
      await picture(page, `${name}_narrow`);
    });
  }
});
