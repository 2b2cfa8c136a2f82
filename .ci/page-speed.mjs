// Measures the page in Debian's Chromium: what a first view takes, and what Lighthouse thinks of each view.
//
// usage: node page-speed.mjs AVIARY, with playwright-core, lighthouse and chrome-launcher to be found from here
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

/** What a first view may take, compressed, in bytes. */
const FIRST_VIEW_BYTES = 60_000;
/** When posts must be on the screen, in ms. */
const FIRST_POSTS_MS = 500;
/** The least score of each view. */
const SCORE = 95;
const CATEGORIES = ["performance", "accessibility", "best-practices"];

const [program] = process.argv.slice(2);
const chromePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const folder = mkdtempSync(join(tmpdir(), "aviary-page-"));
const base = `http://127.0.0.1:${20_000 + Math.floor(Math.random() * 20_000)}`;
const aviary = spawn(program, ["--data", folder, "--port", new URL(base).port, "--keyword", "zebra", "--keyword", "fox", "--rate", "20"], { stdio: "ignore" });
const problems = [];
const check = (isSo, what) => {
  console.log(`${isSo ? "ok" : "NOT OK"}: ${what}`);
  if (!isSo) problems.push(what);
};

/** Resolves once there are this many posts. */
async function posts(count) {
  for (let tries = 0; tries < 300; tries += 1) {
    try {
      const answer = await fetch(`${base}/tweetsStatistics?keyword=zebra`);
      if ((await answer.json()).total >= count) return;
    } catch { /* not yet */ }
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("no posts arrive");
}

/** What the first view of an address takes, without anything from a cache: the quickest of three, since other work may go on. */
async function firstView(path) {
  const views = [];
  for (let tries = 0; tries < 3; tries += 1) views.push(await view(path));
  return views.sort((a, b) => a.painted - b.painted)[0];
}

async function view(path) {
  const browser = await chromium.launch({ executablePath: chromePath, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(base + path, { waitUntil: "networkidle" });
  const measured = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation");
    const all = [navigation, ...performance.getEntriesByType("resource")];
    const bytes = all.reduce((sum, entry) => sum + entry.transferSize, 0);
    const painted = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity;
    return { bytes, painted, posts: document.querySelectorAll(".post").length };
  });
  await browser.close();
  return measured;
}

try {
  await posts(60);
  for (const path of ["/", "/browse?keyword=zebra", "/charts?keyword=zebra"]) {
    const { bytes, painted, posts } = await firstView(path);
    check(bytes < FIRST_VIEW_BYTES, `${path} takes ${bytes} bytes, limit ${FIRST_VIEW_BYTES}`);
    check(painted < FIRST_POSTS_MS, `${path} is on the screen after ${painted.toFixed(0)} ms, with ${posts} posts, limit ${FIRST_POSTS_MS} ms`);
  }
  const chrome = await launch({ chromePath, chromeFlags: ["--headless", "--no-sandbox"] });
  for (const path of ["/", "/browse?keyword=zebra", "/charts?keyword=zebra", "/operate"]) {
    const { lhr } = await lighthouse(base + path, { port: chrome.port, onlyCategories: CATEGORIES, logLevel: "error" });
    for (const category of CATEGORIES) {
      const score = Math.round(lhr.categories[category].score * 100);
      check(score >= SCORE, `Lighthouse gives ${path} ${score} for ${category}`);
      if (score < SCORE) {
        const failed = lhr.categories[category].auditRefs.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score < 0.9);
        for (const { id } of failed) console.log(`  ${id}: ${lhr.audits[id].title} ${lhr.audits[id].displayValue ?? ""}`);
      }
    }
  }
  await chrome.kill();
} finally {
  aviary.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
