// Scrolls through 1,000,000 posts while 250 a second arrive, and prints the browser's longest frames and the page's memory.
//
//   cargo bench -p local --bench api -- --keep FOLDER
//   target/release/aviary --data FOLDER --rate 250 --daily-post-budget 10000000 --keyword keyword0
//   node page.mjs http://127.0.0.1:8080 MINUTES      with playwright-core to be found from here
import { chromium } from "playwright-core";

const [base, minutes] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--enable-precise-memory-info"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
await page.goto(`${base}/browse?keyword=keyword0`, { waitUntil: "networkidle" });

// The work of the page itself that keeps the browser for more than 50 ms; a frame can also be late because other programs have the processor.
await page.evaluate(() => {
  globalThis.tasks = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) globalThis.tasks.push(Math.round(task.duration));
  }).observe({ type: "longtask" });
});

/** Scrolls for some seconds; resolves with the times of the frames meanwhile, in ms. */
const scroll = (seconds) => page.evaluate(async (seconds) => {
  const frames = [];
  let last = performance.now();
  const end = last + seconds * 1000;
  while (last < end) {
    const now = await new Promise((done) => requestAnimationFrame(done));
    frames.push(now - last);
    last = now;
    // Down for twenty seconds, then back to the top, where new posts flow in.
    const isDown = Math.floor(now / 20_000) % 2 === 0;
    if (isDown) scrollBy(0, 60);
    else scrollTo(0, 0);
  }
  return frames;
}, seconds);

const frames = [];
let most = 0;
const end = Date.now() + Number(minutes) * 60_000;
while (Date.now() < end) {
  frames.push(...await scroll(20));
  const bytes = await page.evaluate(() => performance.memory.usedJSHeapSize);
  most = Math.max(most, bytes);
}
const posts = await page.locator(".post").count();
frames.sort((a, b) => a - b);
const at = (share) => frames[Math.floor((frames.length - 1) * share)].toFixed(1);
console.log(`${frames.length} frames in ${minutes} min: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms, ${frames.filter((frame) => frame > 50).length} over 50 ms`);
const tasks = await page.evaluate(() => globalThis.tasks);
console.log(`${tasks.length} tasks of the page took more than 50 ms${tasks.length > 0 ? `: ${tasks.join(", ")} ms` : ""}`);
console.log(`at most ${(most / 1e6).toFixed(0)} MB of memory; ${posts} posts in the list at the end`);
await browser.close();
