// The page beside h5py: every number that it shows, for every golden file.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { cleanUp, folder, launch, picture, root, withFileIn } from "./browser.mjs";
import { assertShows, facts, parse, rows } from "./shown.mjs";

const fixtures = join(root, "data/fixtures"), trained = join(root, "data/trained");
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); cleanUp(); });

const withFile = (...what) => withFileIn(browser, ...what);

/** Chooses one of the models, and waits until the table shows its loss. */
async function chooseModel(page, k, loss) {
  const picker = page.locator("#top select");
  if (await picker.count() > 0) await picker.selectOption({ index: k });
  for (const place of ["#overview dl.figures data", "#skeletons tfoot tr:last-child data"]) {
    await page.waitForFunction(([selector, value]) => Number(document.querySelector(selector)?.value) === value,
      [place, loss]);
  }
}

for (const name of ["estimate", "estimate_one"]) {
  test(`${name}.h5: the loss by number of active features is h5py's`, () =>
    withFile(join(fixtures, `${name}.h5`), {}, async (page, file) => {
      const instances = file.shape("/loss/value")[0];
      for (let k = 0; k < instances; k++) {
        await chooseModel(page, k, file.at("/loss/value", k));
        await assertLoss(page, file, k);
      }
      assert.match((await facts(page, "#overview")).Command.text, /^skeleta estimate /);
      await picture(page, name);
    }));
}

for (const width of [400, 1280]) {
  test(`a table that does not fit says so: ${width} pixels`, () =>
    withFile(join(fixtures, "estimate_one.h5"), { viewport: { width, height: 900 } }, async (page) => {
      const [wider, hidden] = await page.$eval("#skeletons .table", (e) => [e.scrollWidth > e.clientWidth, e.previousSibling.hidden]);
      assert.deepEqual([wider, hidden], [width < 1000, width > 1000]);
    }));
}

async function assertLoss(page, file, k) {
  const of = (column) => file.row(`/loss/${column}`, k);
  const evaluated = of("probability").flatMap((p, l) => (p === null ? [] : [l]));
  const table = await rows(page, "#skeletons");
  assert.equal(table.length, evaluated.length);
  evaluated.forEach((place, line) => {
    const [l, probability, mean, contribution, error, share, samples] = table[line];
    assert.equal(Number(l.text), file.at("/loss/l", place));
    assertShows(probability, of("probability")[place], `P(N = ${l.text})`);
    assertShows(mean, of("mean")[place], `mean on Q${l.text}`);
    assertShows(contribution, of("contribution")[place], `contribution of Q${l.text}`);
    assertShows(share, of("contribution")[place] === null ? null : of("contribution")[place] / of("value")[0], `share of Q${l.text}`);
    if (of("samples")[place] > 0) {
      assertShows(error, of("standard_error")[place], `standard error of Q${l.text}`);
      assertShows(samples, of("samples")[place], `samples of Q${l.text}`);
    } else {
      assert.equal(error.text, "exact");
    }
  });
  const overview = await facts(page, "#overview");
  assertShows(overview.Loss, file.at("/loss/value", k), "loss");
  assertShows(overview["Share of at most one active"], file.at("/tail/one_sparse_share", k), "share of Q0 and Q1");
  const more = await facts(page, "#skeletons");
  for (const [term, path] of [["Upper bound of the loss on 2 and more", "/tail/rest_bound"],
    ["Probability of 2 and more", "/tail/probability_of_rest"], ["… its union bound", "/tail/union_bound"],
    ["… its Chernoff bound", "/tail/chernoff_bound"], ["Bound on what was not evaluated", "/loss/error_bound"]]) {
    assertShows(more[term], file.at(path, k), term);
  }
}

test("pointing at a bar reads it, on either scale", () =>
  withFile(join(fixtures, "estimate_one.h5"), {}, async (page, file) => {
    for (const scale of ["linear", "logarithmic"]) {
      if (scale === "logarithmic") await page.click("#skeletons input[type=checkbox]");
      await page.hover("#skeletons .u-over");
      const [, l, shown] = await page.waitForFunction(() =>
        /^l = (\d+): contribution ([^±,]+) ±/.exec(document.querySelector("#skeletons .readout").textContent))
        .then((found) => found.jsonValue());
      const { value, half } = parse(shown);
      assert.ok(Math.abs(value - file.at("/loss/contribution", Number(l))) <= 1.000001 * half, `l = ${l}: ${shown}`);
      await page.mouse.move(0, 0);
    }
  }));

test("a seed above 2⁶³ is shown to its last digit", () =>
  withFile(join(fixtures, "estimate.h5"), {}, async (page, file) => {
    const text = (await facts(page, "#overview")).Seed.text.replaceAll("\u202f", "");
    assert.ok(text.startsWith(`${BigInt(file.attributes.seed_hex)} `), text);
  }));

test("train.h5: starts, minima, curves and snapshots are h5py's", () =>
  withFile(join(fixtures, "train.h5"), {}, async (page, file) => {
    const minima = await rows(page, "#training");
    assert.equal(minima.length, file.shape("/training/minimum")[0]);
    minima.forEach((row, m) => ["minimum_loss", "count", "rank", "norm", "best_start"].forEach((column, c) =>
      assertShows(row[c + 1], file.at(`/training/${column}`, m), column)));
    const [startSlider, stepSlider] = await page.$$("#training input[type=range]");
    for (let k = 0; k < file.shape("/training/start")[0]; k++) {
      if (k > 0) await startSlider.press("ArrowRight");
      await page.waitForFunction((value) => Number(document.querySelector("#training dl data")?.value) === value,
        file.at("/training/loss", k));
      await assertStart(page, file, k);
      await assertSteps(page, file, k, stepSlider);
    }
    await picture(page, "train");
  }));

async function assertStart(page, file, k) {
  const shown = await facts(page, "#training");
  for (const [term, column] of [["Loss at the end", "loss"], ["Bound of its error", "error_bound"],
    ["Norm of the loss’s gradient", "gradient_norm"], ["Minimised value at the end", "objective_value"],
    ["Steps", "steps"], ["Evaluations", "evaluations"]]) {
    assertShows(shown[term], file.at(`/training/${column}`, k), `${column} of start ${k}`);
  }
}

/** The step slider goes back with an arrow key, and reads the objective there. */
async function assertSteps(page, file, k, stepSlider) {
  const last = file.at("/training/recorded", k) - 1;
  for (const place of [last, last - 1]) {
    if (place < last) await stepSlider.press("ArrowLeft");
    const step = file.at("/training/step", place), objective = file.row("/training/trajectory", k)[place];
    await page.waitForFunction(([s]) => [...document.querySelectorAll("#training .readout")]
      .some((e) => e.textContent.includes(`step ${s}:`)), [String(step)]);
    const text = await page.$eval("#training .readout", (e) => e.textContent);
    const { value, half } = parse(/objective (.+)$/.exec(text)[1]);
    assert.ok(Math.abs(value - objective) <= 1.000001 * half, `${text}: ${objective}`);
  }
}

test("sweep.h5: the cells are h5py's, and the diagram is walked with the keys", () =>
  withFile(join(fixtures, "sweep.h5"), {}, async (page, file) => {
    await page.click("#sweep summary");
    const table = await rows(page, "#sweep");
    assert.equal(table.length, file.shape("/sweep/cell")[0]);
    table.forEach((row, cell) => ["features", "hidden", "density", "importance_decay", "objective", "seed", "loss",
      "dimensions_per_feature", "represented"].forEach((column, c) => {
      if (column === "objective") assert.equal(row[c + 1].text, "exact");
      else assertShows(row[c + 1], file.at(`/sweep/${column}`, cell), `${column} of cell ${cell}`);
    }));
    await page.focus("#sweep .heatmap canvas");
    const seen = new Set();
    for (const key of ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"]) {
      await page.keyboard.press(key);
      const text = await page.$eval("#sweep .heatmap .readout", (e) => e.textContent);
      const [, cell, loss] = /^Cell (\d+): .*best loss (.+)$/.exec(text);
      seen.add(cell);
      const { value, half } = parse(loss);
      assert.ok(Math.abs(value - file.at("/sweep/loss", Number(cell))) <= 1.000001 * half, text);
    }
    assert.equal(seen.size, 4);
    await picture(page, "sweep");
  }));

for (const file of [...readdirSync(trained).map((name) => join(trained, name)),
  ...["estimate", "train"].map((name) => join(fixtures, `${name}.h5`))].filter((name) => name.endsWith(".h5"))) {
  test(`${basename(file)}: lengths, thresholds and the Gram matrix are h5py's`, () =>
    withFile(file, { colorScheme: "dark" }, async (page, numbers) => {
      await assertColumns(page, numbers);
      await picture(page, `${basename(file, ".h5")}_dark`);
    }));
}

async function assertColumns(page, file) {
  const group = file.has("/model/W") ? "/model" : "";
  const [hidden, features] = file.shape(`${group}/W`).slice(-2);
  const W = file.row(`${group}/W`, 0);
  const b = file.has(`${group}/b`) ? file.row(`${group}/b`, 0) : file.row(`${group}/bias`, 0).map((x) => -x);
  const inner = (i, j) => Array.from({ length: hidden }, (_, h) => W[h * features + i] * W[h * features + j])
    .reduce((x, y) => x + y, 0);
  await page.click("#columns summary");
  const table = await rows(page, "#columns");
  for (const j of [0, 1, features - 1]) {
    assert.ok(Math.abs(Number(table[j][1].value) - Math.sqrt(inner(j, j))) < 1e-12);
    assertShows(table[j][2], b[j] === 0 ? 0 : b[j], `threshold ${j}`);
  }
  await page.focus("#columns .heatmap canvas");
  await page.keyboard.press("ArrowRight");
  const text = await page.$eval("#columns .heatmap .readout", (e) => e.textContent);
  const { value, half } = parse(/: inner product (.+)$/.exec(text)[1]);
  assert.ok(Math.abs(value - inner(0, 1)) <= half + 1e-12, `${text}: ${inner(0, 1)}`);
}

test("a Thomson match stands beside the columns", async () => {
  const file = join(folder, "matched.h5");
  execFileSync("/usr/bin/python3", ["-c", `import h5py, numpy as np
f = h5py.File(${JSON.stringify(file)}, "w")
f["W"] = np.vstack([np.cos(np.arange(3)), np.sin(np.arange(3)), np.ones(3)])
f["thomson/points"] = np.eye(3)`]);
  await withFile(file, {}, async (page) => {
    assert.deepEqual(await page.$$eval("#columns h3", (list) => list.map((e) => e.textContent)),
      ["Columns", "Thomson match", "Gram matrix"]);
    assert.ok(await page.locator("#columns .columns canvas").nth(1).isVisible());
    await picture(page, "matched");
  });
});

test("the view in space turns with the arrow keys", () =>
  withFile(join(trained, "n20_m5_S0.95.h5"), {}, async (page) => {
    const view = page.locator("#columns .columns canvas").first();
    const before = await view.screenshot();
    await view.focus();
    for (let k = 0; k < 5; k++) await page.keyboard.press("ArrowLeft");
    await page.waitForTimeout(100);
    assert.notDeepEqual(await view.screenshot(), before);
  }));

test("every control can be reached with the Tab key and shows its focus", () =>
  withFile(join(fixtures, "train.h5"), {}, async (page) => {
    const reached = new Set();
    for (let k = 0; k < 40; k++) {
      await page.keyboard.press("Tab");
      const found = await page.evaluate(() => {
        const element = document.activeElement;
        return { name: element.tagName + (element.type ?? ""), outline: getComputedStyle(element).outlineStyle };
      });
      if (found.name === "BODY") break;
      assert.notEqual(found.outline, "none", found.name);
      reached.add(found.name);
    }
    for (const name of ["A", "SELECT", "BUTTON", "INPUTrange", "INPUTcheckbox", "CANVAS", "SUMMARY"]) {
      assert.ok([...reached].some((one) => one.startsWith(name)), `${name}: ${[...reached]}`);
    }
  }));

test("a narrow window has no sideways scrolling", async () => {
  for (const name of ["estimate", "train", "sweep"]) {
    await withFile(join(fixtures, `${name}.h5`), { viewport: { width: 390, height: 800 } }, async (page) => {
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= window, `${name}: ${content} > ${window}`);
      await picture(page, `${name}_narrow`);
    });
  }
});
