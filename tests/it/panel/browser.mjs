// Walks every page that home leads to, in Chromium: no error in the console, nothing asked of another host, nothing wider
// than the screen, everything reached by the keyboard, and no serious finding of axe-core.
//   node browser.mjs ADDRESS FOLDER_WITH_NODE_MODULES [FOLDER_FOR_SCREENSHOTS]
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";

const [home, modules, shots] = process.argv.slice(2);
const require = createRequire(`${modules}/node_modules/`);
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const faults = [];
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const origin = new URL(home).origin;
const page = await browser.newPage();
let at = "";
page.on("console", (message) => { if (["error", "warn"].includes(message.type())) faults.push(`${at}: console: ${message.text()}`); });
page.on("pageerror", (error) => faults.push(`${at}: ${error}`));
page.on("request", (request) => {
  const url = request.url();
  if (!url.startsWith(origin) && !url.startsWith("data:")) faults.push(`${at}: asks ${url}`);
});
if (shots) mkdirSync(shots, { recursive: true });

// One of each kind of page is looked at closely; all are fetched.
const kind = (path) => path.split("?")[0].split("/").slice(0, path.startsWith("/municipio/") ? 4 : 2).map((piece, n) => (n > 1 ? "x" : piece)).join("/");
const looked = new Set();
const seen = new Set();
const waiting = [new URL(home).pathname];
while (waiting.length > 0) {
  const path = waiting.shift();
  if (seen.has(path)) continue;
  seen.add(path);
  at = path;
  // Files to keep are no pages.
  if (path.startsWith("/agenda.ics") || path.split("?")[0].endsWith(".csv")) continue;
  if (looked.has(kind(path)) && seen.size > 150) continue;
  const response = await page.goto(origin + path, { waitUntil: "load" });
  if (response.status() !== 200) faults.push(`${path}: ${response.status()}`);
  const links = await page.$$eval("a[href]", (all) => all.map((a) => a.href));
  for (const link of links) {
    if (!link.startsWith(origin)) { faults.push(`${path}: leads to ${link}`); continue; }
    const url = new URL(link);
    waiting.push(url.pathname + url.search);
  }
  if (looked.has(kind(path))) continue;
  looked.add(kind(path));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of [1280, 375]) {
      await page.setViewport({ width, height: 900 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 1) faults.push(`${path}: ${over} px too wide at ${width}`);
      if (shots) await page.screenshot({ path: `${shots}/${kind(path).replaceAll("/", "_")}-${scheme}-${width}.png`, fullPage: true });
    }
    // Through the protocol, which the pages' policy does not bind.
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    for (const violation of found.violations) {
      if (["serious", "critical"].includes(violation.impact)) {
        faults.push(`${path} (${scheme}): axe ${violation.id}: ${violation.help}: ${violation.nodes[0].html}`);
      }
    }
  }
  // The first Tab is the way past the navigation; then each link in turn, seen where it is.
  await page.evaluate(() => window.scrollTo(0, 0));
  const focusable = await page.$$eval("a[href], button, input:not([type=hidden]), [tabindex='0']", (all) => all.length);
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement?.className);
  const own = await page.$("main#conteudo");
  if (own && first !== "skip") faults.push(`${path}: the first Tab is ${first}`);
  let reached = 1;
  for (let n = 0; n < Math.min(focusable, 25) - 1; n += 1) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => {
      const active = document.activeElement;
      return active && active !== document.body ? getComputedStyle(active).outlineStyle : "lost";
    });
    if (outline === "lost") break;
    if (outline === "none") faults.push(`${path}: focus is not seen at Tab ${n + 2}: ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120))}`);
    reached += 1;
  }
  if (reached < Math.min(focusable, 5)) faults.push(`${path}: only ${reached} of ${focusable} reached by Tab`);
}
await browser.close();
console.log(`${seen.size} pages seen, ${looked.size} kinds looked at: ${[...looked].join(" ")}`);
if (faults.length > 0) {
  console.error([...new Set(faults)].join("\n"));
  process.exit(1);
}
