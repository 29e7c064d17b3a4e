// A dictionary of 10⁵ features, beside h5py: found, sorted and turned over with few rows on the page.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cleanUp, folder, here, launch, picture, root, withFileIn } from "./browser.mjs";
import { assertShows, facts, records } from "./shown.mjs";

const COUNT = 100000;
const file = join(folder, "dictionary.h5");
const program = process.env.SKELETA_PROGRAM;
const skip = program && existsSync(program) ? false : "needs SKELETA_PROGRAM";
let browser;
before(async () => {
  browser = await launch();
  execFileSync("/usr/bin/python3", [join(here, "make_dictionary.py"), file, String(COUNT)]);
});
after(async () => { await browser.close(); cleanUp(); });
const datasets = ["feature_loss", "recall", "density", "threshold", "interference_variance"].map((name) => `/dictionary/${name}`);
const withFile = (...what) => withFileIn(browser, ...what);

const rows = (page) => page.$$eval(".features tbody tr", (list) => list.length);
const where = (page) => page.textContent(".features .pages .note");
const sort = (page, head) => page.click(`.features thead button:has-text("${head}")`);
const search = (page, text) => page.fill(".features input[type=search]", text);

/** Which feature stands in each row of the page, by its number. */
async function shown(page) {
  const names = await page.$$eval(".features tbody th", (list) => list.map((e) => e.textContent));
  return names.map((name) => Number({ "Überfluß": 7, "needle in the haystack": COUNT / 2 }[name] ?? name.replace("word ", "")));
}

/** The first features of h5py's numbers in that order. */
function first(numbers, rising, most = 50) {
  const key = (i) => (numbers[i] === null ? Infinity : rising ? numbers[i] : -numbers[i]);
  return [...numbers.keys()].sort((a, b) => key(a) - key(b) || a - b).slice(0, most);
}

test("10⁵ features: searched, sorted by any column and paged, never more than a page of rows", () =>
  withFile(file, { datasets }, async (page, read) => {
    const all = (name) => Array.from({ length: COUNT }, (_, k) => read.at(`/dictionary/${name}`, k));
    const summary = await facts(page, "#dictionary");
    assertShows(summary["Loss"], 12.5, "loss");
    assert.match(summary["Loss of random directions"].text, /^15\.25 ± 0\.13$|^15\.25 ± 0\.12/);
    assertShows(summary["Never below (Welch bound)"], 0.0577, "Welch bound");
    assert.equal(await page.locator("#dictionary .plot").count(), 2);

    // The largest share of the loss first; importances are 1.
    assert.deepEqual(await shown(page), first(all("feature_loss"), false));
    assert.match(await where(page), /^1 to 50 of 100\u202f000 features$/);
    for (const [head, name] of [["Recall", "recall"], ["Density", "density"], ["Threshold", "threshold"]]) {
      await sort(page, head);
      assert.deepEqual(await shown(page), first(all(name), false), `${head} falling`);
      await sort(page, head);
      assert.deepEqual(await shown(page), first(all(name), true), `${head} rising`);
      assert.equal(await page.getAttribute(`.features th:has-text("${head}")`, "aria-sort"), "ascending");
      assert.equal(await rows(page), 50);
    }
    const table = await records(page, "Features");
    const ids = await shown(page);
    table.forEach((row, k) => {
      assertShows(row.Density, read.at("/dictionary/density", ids[k]), "density");
      assertShows(row.Recall, read.at("/dictionary/recall", ids[k]), "recall");
      assertShows(row["… deviation"], Math.sqrt(read.at("/dictionary/interference_variance", ids[k])), "deviation");
    });

    await sort(page, "Feature");
    await page.click(".features [aria-label='Next page']");
    assert.deepEqual(await shown(page), Array.from({ length: 50 }, (_, k) => 50 + k));
    assert.equal(await where(page), "51 to 100 of 100\u202f000 features");
    await search(page, "HAYSTACK");
    assert.deepEqual(await shown(page), [COUNT / 2]);
    assert.equal(await where(page), "1 to 1 of 1 feature");
    assert.ok(await page.isDisabled(".features [aria-label='Next page']"));
    await search(page, "überfluß");
    assert.deepEqual(await shown(page), [7]);
    await search(page, "no such word");
    assert.equal(await rows(page), 0);
    assert.equal(await where(page), "no feature is called so");
    await search(page, "word 999");
    assert.equal(await where(page), "1 to 50 of 111 features");
    assert.ok(await page.evaluate(() => document.querySelectorAll("*").length) < 3000, "few elements");
  }));

test("a feature that is chosen tells who disturbs it, and these can be chosen", () =>
  withFile(file, { datasets }, async (page, read) => {
    await search(page, "haystack");
    await page.click(".features tbody th button");
    assert.match(await page.textContent(".chosen-feature h3"), /^needle in the haystack feature 50000$/);
    const chosen = await facts(page, ".chosen-feature");
    assertShows(chosen.Density, read.at("/dictionary/density", COUNT / 2), "density");
    assert.match(await page.textContent(".chosen-feature p"), /^Disturbed by word 50001 .*word 50010 .* of the interference/);
    await page.click(".chosen-feature p button"); // the worst of them
    assert.match(await page.textContent(".chosen-feature h3"), /^word 50001 /);
    assert.equal(await page.inputValue(".features input[type=search]"), "", "the search did not find it");
    assert.equal(await page.textContent(".features tr.chosen th"), "word 50001");
    assert.equal(await rows(page), 50);
    await page.click(".features tbody tr:nth-child(3) td.words button");
    assert.equal(await page.locator(".features tr.chosen").count(), 1);
  }));

test("all histograms are drawn, in a narrow window without sideways scrolling, light and dark", async () => {
  for (const [width, colorScheme] of [[400, "light"], [400, "dark"], [1200, "light"], [1200, "dark"]]) {
    await withFile(file, { viewport: { width, height: 900 }, colorScheme, datasets: datasets.slice(0, 1) }, async (page) => {
      for (const [k, word] of ["loss over E x²", "standard deviation", "false activation", "recall", "precision"].entries()) {
        await page.locator("#dictionary select").selectOption({ index: k });
        await page.waitForFunction((text) => document.querySelector("#dictionary .plot").ariaLabel.includes(text), word);
      }
      await page.click(".features tbody th button");
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= window, `${content} > ${window}`);
      await picture(page, `dictionary_${width}_${colorScheme}`);
    });
  }
});

test("what the program writes is shown, with names and without", { skip }, async () => {
  const model = join(root, "data/trained/n80_m20_S0.98.h5");
  for (const more of [[], ["--neighbours", "0", "--compare", "0"]]) {
    const made = join(folder, `made_${more.length}.h5`);
    const { status, stderr } = spawnSync(program, ["dictionary", model, "--skeletons", "6", "-o", made, "--quiet", ...more],
      { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    await withFile(made, {}, async (page, read) => {
      const summary = await facts(page, "#dictionary");
      assertShows(summary.Loss, read.at("/dictionary/loss"), "loss");
      assert.equal("Loss of random directions" in summary, more.length === 0);
      assert.equal(await rows(page), 50);
      assert.equal(await page.locator("#dictionary .plot").count(), 2);
    });
  }
});
