// Walks through the page as people do, in Debian's Chromium: a newcomer, a keyboard, a phone, no JavaScript, an operator. Asks axe what it finds wrong.
//
// usage: node page.mjs AVIARY STUB [SCREENSHOTS], with playwright-core and @axe-core/playwright to be found from here
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { AxeBuilder } from "@axe-core/playwright";

const [program, stub, shots] = process.argv.slice(2);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const newFolder = () => mkdtempSync(join(tmpdir(), "aviary-page-"));
const newPort = () => 20_000 + Math.floor(Math.random() * 20_000);

/** Resolves once something answers at this address. */
async function answers(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await fetch(url);
      return;
    } catch { /* not yet */ }
    await sleep(100);
  }
  throw new Error(`nothing answers at ${url}`);
}

/** Starts aviary; resolves with its address once it answers. */
async function start(folder, port, more = [], env = {}) {
  const child = spawn(program, ["--data", folder, "--port", String(port), ...more], { stdio: "ignore", env: { ...process.env, ...env } });
  const base = `http://127.0.0.1:${port}`;
  await answers(`${base}/health`);
  return { child, base };
}

async function stop({ child }) {
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGKILL");
  await gone;
}

const [folder, port] = [newFolder(), newPort()];
let machine = await start(folder, port);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const problems = [];
/** What else runs, and what is on disk. */
const [others, folders] = [[], [folder]];

/** A browser window of its own; whatever the page logs as an error, or asks of another host, fails the walk. */
async function window(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource|ERR_CONNECTION/.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith("http://127.0.0.1:") && !request.url().startsWith("data:")) problems.push(`asked another host: ${request.url()}`);
  });
  return page;
}

/** Nothing that axe finds, nothing wider than the window, and a picture. */
async function look(page, name) {
  const found = await new AxeBuilder({ page }).analyze();
  for (const { id, nodes } of found.violations) problems.push(`${name}: axe ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) problems.push(`${name}: ${wide} px wider than the window`);
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: false });
}

async function step(name, walk) {
  const begun = Date.now();
  await walk();
  console.log(`${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
}

/** The stub closes the connection, refuses others for a while, and search too: what is missed is shown, and fetched at last. */
async function gap() {
  const control = newPort();
  others.push({ child: spawn(stub, ["--port", String(control), "--rate", "20", "--search-delay", "1"], { stdio: "ignore" }) });
  await answers(`http://127.0.0.1:${control}/control/posts`);
  const fault = (fault) => fetch(`http://127.0.0.1:${control}/control/faults`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fault),
  });
  folders.push(newFolder());
  const env = { X_BEARER_TOKEN: "stub-token", X_API_URL: `http://127.0.0.1:${control}` };
  const other = await start(folders.at(-1), newPort(), ["--keyword", "zebra"], env);
  others.push(other);
  const page = await window();
  await page.goto(other.base);
  await page.waitForFunction(() => Number(document.querySelector("[data-live=keywords] td:nth-child(3)")?.textContent) > 0, null, { timeout: 60_000 });
  await sleep(3000);
  await fault({ fault: "search-status", status: 503, seconds: 6 });
  await fault({ fault: "status", status: 503, seconds: 4 });
  await fault({ fault: "close" });
  await page.locator(".lane rect.gap:not(.some)").first().waitFor({ timeout: 30_000 });
  await page.locator("[data-live=gaps] li, [data-live=gaps] .banner").filter({ hasText: "zebra" }).first().waitFor();
  await look(page, "gap");
  await page.locator("[data-live=gaps] .chip.busy").first().waitFor({ timeout: 30_000 });
  await look(page, "gap-healing");
  await page.locator("[data-live=gaps] .chip.good").first().waitFor({ timeout: 90_000 });
  await page.locator("[data-live=gaps] li").filter({ hasText: /May lack .*reposts/ }).first().waitFor();
  await look(page, "gap-healed");
  await page.goto(`${other.base}/browse?keyword=zebra`);
  await page.locator("svg.histogram rect.gap.some").first().waitFor();
  await page.context().close();
}

/** A message that could not be stored waits on the dead-letter queue. */
async function deadLetter() {
  const [endpoint, text] = [newPort(), "It could not be stored at first"];
  folders.push(newFolder());
  const other = await start(folders.at(-1), newPort(), ["--streamer-elsewhere", String(endpoint)]);
  others.push(other);
  const post = { tweetId: "1", createDate: new Date().toISOString(), text, authorName: "Ada" };
  const letter = {
    QueueUrl: `http://127.0.0.1:${endpoint}/000000000000/TweetsDeadLetterQueue.fifo`, MessageGroupId: "zebra", MessageDeduplicationId: "1",
    MessageBody: JSON.stringify({ version: 1, keyword: "zebra", posts: [post] }),
    MessageAttributes: { Reason: { DataType: "String", StringValue: "the table was away" } },
  };
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage" };
  const sent = await fetch(`http://127.0.0.1:${endpoint}`, { method: "POST", headers, body: JSON.stringify(letter) });
  assert.equal(sent.status, 200, await sent.text());
  const page = await window();
  await page.goto(`${other.base}/operate`);
  await page.getByText("the table was away").waitFor();
  await look(page, "dead-letter");
  await page.getByRole("button", { name: "Send again" }).click();
  for (let tries = 0; !(await page.getByText(text).isVisible()); tries += 1) {
    assert.ok(tries < 100, "the post does not arrive");
    await sleep(200);
    await page.goto(`${other.base}/browse?keyword=zebra`);
  }
  await page.goto(`${other.base}/operate`);
  await page.getByText("None: everything that was read could be stored.").waitFor();
  await page.context().close();
}

try {
  const page = await window();
  await step("an empty machine teaches", async () => {
    await page.goto(machine.base);
    await page.getByRole("heading", { name: "Nothing is collected" }).waitFor();
    await page.getByText("nothing costs anything").waitFor();
    await look(page, "empty");
  });
  await step("a keyword is added, once it is known what it would bring", async () => {
    await page.getByRole("textbox", { name: "Keyword" }).fill("zebra");
    await page.getByRole("button", { name: "Estimate posts and cost" }).click();
    await page.getByRole("heading", { name: /Collect zebra/ }).waitFor();
    await page.getByText(/posts?$/).first().waitFor();
    await look(page, "confirm");
    await page.getByRole("button", { name: "Start collecting" }).click();
    await page.getByRole("rowheader", { name: "zebra" }).waitFor();
  });
  await step("posts arrive without a reload", async () => {
    await page.waitForFunction(() => Number(document.querySelector("[data-live=keywords] td:nth-child(3)")?.textContent) > 0, null, { timeout: 60_000 });
    await page.getByRole("heading", { name: "Running" }).waitFor({ timeout: 60_000 });
    await look(page, "now");
  });
  await step("posts are browsed, and tail by themselves", async () => {
    await page.getByRole("rowheader", { name: "zebra" }).getByRole("link").click();
    await page.getByRole("heading", { name: "Posts for zebra" }).waitFor();
    const first = await page.locator(".post").first().getAttribute("id");
    await page.waitForFunction((id) => document.querySelector(".post")?.id !== id, first, { timeout: 30_000 });
    await look(page, "browse");
  });
  await step("a click filters, and the address alone is the view", async () => {
    await page.locator(".post footer a[data-country]").first().click();
    await page.locator(".chips a").first().waitFor();
    const [chip, address] = [await page.locator(".chips").first().textContent(), page.url()];
    assert.match(address, /country=/);
    const other = await window();
    await other.goto(address);
    assert.equal(await other.locator(".chips").first().textContent(), chip);
    await other.context().close();
  });
  await step("a filter is turned round, and a value left out with Shift", async () => {
    await page.getByRole("link", { name: "leave out" }).click();
    await page.waitForURL(/notCountry=/);
    await page.locator(".post footer a[data-filter=language]").first().click({ modifiers: ["Shift"] });
    await page.waitForURL(/notCountry=.*notLanguage=/);
    await page.locator(".post").first().waitFor();
    await look(page, "left-out");
  });
  await step("a paused page stays as it is, and goes on", async () => {
    await page.goto(`${machine.base}/browse?keyword=zebra`);
    const first = () => page.locator(".post").first().getAttribute("id");
    await page.getByRole("button", { name: "Pause updates" }).click();
    const paused = await first();
    await sleep(4500);
    assert.equal(await first(), paused);
    await page.getByRole("button", { name: "Resume updates" }).click();
    await page.waitForFunction((id) => document.querySelector(".post")?.id !== id, paused, { timeout: 10_000 });
  });
  await step("a later page is scrolled both ways, without a jump", async () => {
    await page.goto(`${machine.base}/browse?keyword=zebra&limit=5`);
    await page.waitForFunction(() => document.querySelectorAll(".post").length > 5);
    await page.route(/order=oldest/, async (route) => { await sleep(500); await route.continue(); });
    await page.goto(await page.locator("a[rel=next]").evaluate((next) => next.href));
    // Where the first post of the page is on the screen, before and after newer ones were put above it.
    const { id, top } = await page.evaluate(() => {
      const [first] = document.querySelectorAll(".post");
      return { id: first.id, top: first.getBoundingClientRect().top };
    });
    await page.waitForFunction((id) => document.querySelector(".post")?.id !== id, id);
    const moved = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, id) - top;
    assert.ok(Math.abs(moved) < 2, `it jumped by ${moved} px`);
    const times = await page.locator(".post").evaluateAll((posts) => posts.map((post) => post.querySelector("time").getAttribute("datetime")));
    assert.deepEqual(times, [...times].sort().reverse());
  });
  await step("a drag over the histogram sets the time", async () => {
    await page.goto(`${machine.base}/browse?keyword=zebra`);
    const box = await page.locator(".brush svg.histogram").boundingBox();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/);
  });
  await step("the charts show the world, and what is unknown", async () => {
    await page.goto(`${machine.base}/charts?keyword=zebra`);
    await page.getByText(/no known country|unknown/).first().waitFor();
    await look(page, "charts");
    await page.locator("table.ranking a[data-country]").first().click();
    await page.waitForURL(/browse.*country=/);
  });
  await step("an operator finds dead letters, checks and keys", async () => {
    await page.goto(`${machine.base}/operate`);
    await page.getByRole("heading", { name: "Dead letters" }).waitFor();
    await look(page, "operate");
  });
  await step("bad input is named", async () => {
    await page.goto(`${machine.base}/browse?keyword=zebra&country=Lithuania`);
    await page.getByText(/country.*Lithuania|Lithuania/).first().waitFor();
    await look(page, "problem");
  });
  await step("by keyboard alone", async () => {
    await page.goto(`${machine.base}/browse?keyword=zebra`);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    assert.equal(await page.locator(".post:focus").count(), 1);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "text");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
  });
  await step("on a phone, in the dark", async () => {
    const phone = await window({ viewport: { width: 360, height: 740 }, colorScheme: "dark", isMobile: true, hasTouch: true });
    for (const [name, path] of [["now", "/"], ["browse", "/browse?keyword=zebra"], ["charts", "/charts?keyword=zebra"], ["operate", "/operate"], ["confirm", "/start?keyword=fox"], ["stop", "/stop?keyword=zebra"]]) {
      await phone.goto(machine.base + path);
      await phone.getByRole("heading", { level: 1 }).waitFor();
      await look(phone, `${name}-phone-dark`);
    }
    await phone.context().close();
  });
  await step("without JavaScript", async () => {
    const plain = await window({ javaScriptEnabled: false });
    await plain.goto(machine.base);
    await plain.getByRole("textbox", { name: "Keyword" }).fill("heron");
    await plain.getByRole("button", { name: "Estimate posts and cost" }).click();
    await plain.getByRole("button", { name: "Start collecting" }).click();
    await plain.getByRole("rowheader", { name: "heron" }).waitFor();
    await plain.goto(`${machine.base}/browse?keyword=zebra`);
    await plain.getByRole("link", { name: "Older posts" }).click();
    assert.match(plain.url(), /cursor=/);
    await plain.context().close();
  });
  await step("a killed server is noticed within three seconds, and the page recovers", async () => {
    await page.goto(machine.base);
    await sleep(2500);
    await stop(machine);
    await page.getByRole("alert").waitFor({ state: "visible", timeout: 5000 });
    machine = await start(folder, port);
    await page.getByRole("alert").waitFor({ state: "hidden", timeout: 20_000 });
  });
  await step("a keyword is stopped", async () => {
    await page.goto(`${machine.base}/stop`);
    await page.getByRole("button", { name: "Stop collecting" }).click();
    await page.getByRole("heading", { name: "Nothing is collected" }).waitFor();
  });
  await step("it is started again as it was", async () => {
    await page.getByRole("status").getByRole("link", { name: "zebra" }).click();
    await page.getByRole("button", { name: "Start collecting" }).click();
    await page.getByRole("rowheader", { name: "zebra" }).waitFor();
  });
  await step("a gap is hatched, with its reason, until it is healed", gap);
  await step("a dead letter is sent again, and its post arrives", deadLetter);
} finally {
  await browser.close();
  for (const each of [machine, ...others]) await stop(each);
  for (const each of folders) rmSync(each, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(`${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
