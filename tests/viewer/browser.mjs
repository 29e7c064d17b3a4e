// The page in a headless Chromium, as a user has it: from file://, without a network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, "../..");
export const PAGE = process.env.SKELETA_PAGE ?? join(root, "analysis/viewer/skeleta.html");
const require = createRequire(join(root, "analysis/viewer/package.json"));
const { chromium } = require("playwright-core");

export const folder = mkdtempSync(join(tmpdir(), "skeleta-viewer-"));
const screenshots = process.env.SKELETA_SCREENSHOTS ?? folder;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}

export function cleanUp() {
  rmSync(folder, { recursive: true, force: true });
}

/** A tab that remembers what went wrong in it, and what it asked of the network. */
export async function openTab(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(message.text().slice(0, 400));
  });
  page.on("pageerror", (error) => troubles.push(error.message.slice(0, 400)));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) troubles.push(`asked for ${request.url()}`);
  });
  return { page, troubles, close: () => context.close() };
}

export async function openPage(page, html = PAGE) {
  await page.goto(pathToFileURL(html).href, { timeout: 0 });
}

/** Chooses the file and waits until every section is there, or the sentence that refuses it. */
export async function openFile(page, file, timeout = 60000) {
  await page.setInputFiles("input[type=file]", file);
  await settled(page, timeout);
}

export async function settled(page, timeout = 60000) {
  await page.waitForFunction(() => !document.body.classList.contains("busy") &&
    (document.querySelector("section") || document.querySelector(".trouble")) &&
    !document.querySelector("[aria-busy]"), null, { timeout });
}

/** Opens the file in a new tab, hands over, with h5py's numbers to who takes them, and finds nothing on the console. */
export async function withFileIn(browser, file, { datasets = [], ...options }, work) {
  const { page, troubles, close } = await openTab(browser, options);
  await openPage(page);
  await openFile(page, file);
  await (work.length > 1 ? work(page, numbersOf(file, ...datasets)) : work(page));
  assert.deepEqual(troubles, []);
  assert.deepEqual(await page.$$eval(".trouble:not([hidden])", (list) => list.map((e) => e.textContent)), []);
  await close();
}

export function picture(page, name) {
  return page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

/** All numbers of a file, or of the datasets named, from h5py. */
export function numbersOf(file, ...paths) {
  const text = execFileSync("/usr/bin/python3", [join(here, "dump.py"), file, ...paths], { maxBuffer: 2 ** 30 });
  const { datasets, attributes } = JSON.parse(text);
  return {
    attributes,
    has: (path) => path in datasets,
    shape: (path) => datasets[path].shape,
    at: (path, k = 0) => datasets[path].values[k],
    row: (path, k) => {
      const { shape, values } = datasets[path];
      const size = shape.slice(1).reduce((a, b) => a * b, 1);
      return values.slice(k * size, (k + 1) * size);
    },
  };
}

export function makeLarge(megabytes) {
  const file = join(folder, `large_${megabytes}.h5`);
  execFileSync("/usr/bin/python3", [join(here, "make_large.py"), file, String(megabytes)]);
  return file;
}
