// Files that are damaged, foreign or very large: a sentence, and a page that stays alive.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cleanUp, folder, launch, makeLarge, openFile, openPage, openTab, picture, root, settled } from "./browser.mjs";
import { facts } from "./shown.mjs";

const golden = readFileSync(join(root, "data/fixtures/estimate.h5"));
const program = process.env.SKELETA_PROGRAM;
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); cleanUp(); });

function made(name, bytes) {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

function python(lines) {
  execFileSync("/usr/bin/python3", ["-c", lines], { cwd: folder });
}

async function sentenceFor(file) {
  const { page, troubles, close } = await openTab(browser);
  await openPage(page);
  await openFile(page, file);
  const text = await page.$eval("[role=alert]", (e) => e.textContent);
  assert.deepEqual(troubles, []);
  assert.ok(await page.isVisible("text=Open a file"), "another file can be opened");
  await close();
  return text;
}

test("files that cannot be opened are refused with the reason", async () => {
  assert.match(await sentenceFor(made("notes.h5", "not HDF5 at all")), /^notes\.h5 is not an HDF5 file/);
  assert.match(await sentenceFor(made("empty.h5", "")), /^empty\.h5 is empty/);
  assert.match(await sentenceFor(made("half.h5", golden.subarray(0, golden.length / 2))),
    /^half\.h5 is damaged or incomplete: .*truncated/);
  python("import h5py; h5py.File('foreign.h5', 'w')['x'] = [1.0]");
  assert.match(await sentenceFor(join(folder, "foreign.h5")), /neither a run of skeleta nor a model/);
  python("import h5py; f = h5py.File('other.h5', 'w'); f.attrs['filetype'] = 'weather'; f['W'] = [[1.0]]");
  assert.match(await sentenceFor(join(folder, "other.h5")), /“weather” file/);
  python("import h5py; h5py.File('flat.h5', 'w')['W'] = [1.0]");
  assert.match(await sentenceFor(join(folder, "flat.h5")), /W must be \[hidden, feature\].*\[1\]/);
  python("import h5py; f = h5py.File('later.h5', 'w'); f['W'] = [[1.0]]; f.attrs['filetype'] = 'skeleta estimate'; f.attrs['version'] = [2, 0]");
  assert.match(await sentenceFor(join(folder, "later.h5")), /layout version 2\.0/);
});

test("what an unknown command of skeleta wrote has its overview; a model file needs a model", async () => {
  python("import h5py; f = h5py.File('unknown.h5', 'w'); f['x'] = [1.0]; f.attrs['filetype'] = 'skeleta foresee'");
  const { page, troubles, close } = await openTab(browser);
  await openPage(page);
  await openFile(page, join(folder, "unknown.h5"));
  assert.equal(await page.textContent("#overview .lead"), "Written by skeleta foresee.");
  assert.deepEqual(troubles, []);
  await close();
  python("import h5py; f = h5py.File('empty_model.h5', 'w'); f['x'] = [1.0]; f.attrs['filetype'] = 'skeleta model'");
  assert.match(await sentenceFor(join(folder, "empty_model.h5")), /no dataset \/W/);
});

test("a damaged chunk is told where it would be shown, and the rest is shown", async () => {
  python(`import h5py, numpy as np
f = h5py.File('chunk.h5', 'w')
f['W'] = np.eye(3)
f.create_dataset('b', data=np.arange(3.0), chunks=(3,), fletcher32=True)
place = f['b'].id.get_chunk_info(0).byte_offset
f.close()
bytes = bytearray(open('chunk.h5', 'rb').read()); bytes[place + 9] ^= 255
open('chunk.h5', 'wb').write(bytes)`);
  const { page, troubles, close } = await openTab(browser);
  await openPage(page);
  await openFile(page, join(folder, "chunk.h5"));
  assert.match(await page.$eval("#columns .trouble", (e) => e.textContent), /^\/b cannot be read: the file is damaged there/);
  assert.match(await page.$eval("#overview .lead", (e) => e.textContent), /One model/);
  assert.deepEqual(troubles, []);
  await close();
});

test("whatever bytes are wrong, the page says something", async () => {
  let state = 12345;
  const random = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  const files = Array.from({ length: 25 }, (_, round) => {
    const bytes = Buffer.from(golden);
    for (let k = 0; k <= 10 * (round % 5); k++) bytes[random(bytes.length)] = random(256);
    return made(`flipped_${round}.h5`, bytes);
  });
  // In two tabs at once: for the worst the page waits twenty seconds.
  await Promise.all([0, 1].map(async (half) => {
    const { page, troubles, close } = await openTab(browser);
    await openPage(page);
    for (const file of files.filter((_, round) => round % 2 === half)) {
      await openFile(page, file);
      assert.ok((await page.$eval("main", (e) => e.textContent)).length > 40);
    }
    await openFile(page, join(root, "data/fixtures/estimate.h5"));
    assert.ok((await facts(page, "#overview")).Loss, "a good file opens after bad ones");
    assert.deepEqual(troubles, []);
    await close();
  }));
});

test("a file that was dropped on the page is opened", async () => {
  const { page, troubles, close } = await openTab(browser);
  await openPage(page);
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "dropped.h5"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, golden.toString("base64"));
  await settled(page);
  assert.equal(await page.textContent("h1"), "dropped.h5");
  assert.deepEqual(troubles, []);
  await close();
});

/** The longest time in which the page answered to nothing while `work` went on, as a part of all the time that it took. */
async function longestPause(page, work) {
  await page.evaluate(() => {
    window.longest = 0;
    window.begin = performance.now();
    let before = window.begin;
    window.watch = setInterval(() => {
      const now = performance.now();
      window.longest = Math.max(window.longest, now - before);
      before = now;
    }, 10);
  });
  await work();
  return page.evaluate(() => {
    clearInterval(window.watch);
    return window.longest / (performance.now() - window.begin);
  });
}

// A page that does the work itself stands still for nearly all of the time, however fast the machine is.
const MOST = 0.5;

test("a file of 200 MB opens while the page stays responsive", async (t) => {
  const file = makeLarge(200);
  const { page, troubles, close } = await openTab(browser);
  await openPage(page);
  const pause = await longestPause(page, () => openFile(page, file, 120000));
  t.diagnostic(`longest pause ${Math.round(100 * pause)} % of the time`);
  assert.ok(pause < MOST, `${pause} of the time`);
  const sliding = await longestPause(page, async () => {
    const step = page.locator("#training input[type=range]").nth(1);
    await step.focus();
    for (let k = 0; k < 20; k++) await page.keyboard.press("PageDown");
    await page.waitForTimeout(1000);
  });
  t.diagnostic(`longest pause while sliding ${Math.round(100 * sliding)} % of the time`);
  assert.ok(sliding < MOST, `${sliding} of the time`);
  await picture(page, "large");
  assert.deepEqual(troubles, []);
  await close();
});

const noProgram = program && existsSync(program) ? false : "needs SKELETA_PROGRAM";

test("skeleta view writes a page that holds its file", { skip: noProgram }, async () => {
  for (const name of ["estimate", "train", "sweep", "thomson_match", "linear_flow", "approximate"]) {
    const html = join(folder, `${name}.html`);
    const out = execFileSync(program, ["view", join(root, `data/fixtures/${name}.h5`), "-o", html], { encoding: "utf8" });
    assert.equal(out, `${html}\n`);
    const { page, troubles, close } = await openTab(browser);
    await openPage(page, html);
    await settled(page);
    assert.equal(await page.textContent("h1"), `${name}.h5`);
    assert.match((await facts(page, "#overview")).Command.text, /^skeleta /);
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("a page that holds 200 MB opens too", { skip: noProgram }, async (t) => {
  const html = join(folder, "large.html");
  execFileSync(program, ["view", makeLarge(200), "-o", html]);
  const { page, troubles, close } = await openTab(browser);
  await openPage(page, html);
  const pause = await longestPause(page, () => settled(page, 120000));
  t.diagnostic(`longest pause ${Math.round(pause)} ms`);
  assert.ok(pause < MOST, `${pause} ms`);
  assert.equal(await page.textContent("h1"), "large_200.h5");
  assert.deepEqual(troubles, []);
  await close();
});
