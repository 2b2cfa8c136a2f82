// Walks through the page as people do, in Debian's Chromium: a newcomer, a keyboard, a phone, no JavaScript, an operator. Asks axe what it finds wrong.
//
// usage: node page.mjs AVIARY SCREENSHOTS, with playwright-core and @axe-core/playwright to be found from here
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { AxeBuilder } from "@axe-core/playwright";

const [program, shots] = process.argv.slice(2);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Starts aviary on a free port; resolves with its address once it answers. */
async function start(folder, port, ...more) {
  const child = spawn(program, ["--data", folder, "--port", String(port), ...more], { stdio: "ignore" });
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      if ((await fetch(`${base}/health`)).ok) return { child, base };
    } catch { /* not yet */ }
    await sleep(100);
  }
  throw new Error("aviary does not answer");
}

async function stop({ child }) {
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGKILL");
  await gone;
}

const folder = mkdtempSync(join(tmpdir(), "aviary-page-"));
const port = 20_000 + Math.floor(Math.random() * 20_000);
let machine = await start(folder, port);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const problems = [];

/** A browser window of its own; whatever the page logs as an error, or asks of another host, fails the walk. */
async function window(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource|ERR_CONNECTION/.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(machine.base) && !request.url().startsWith("data:")) problems.push(`asked another host: ${request.url()}`);
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
    await page.getByRole("button", { name: "See what it would bring" }).click();
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
    assert.equal(await page.locator(".post.chosen").count(), 1);
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
    await plain.getByRole("button", { name: "See what it would bring" }).click();
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
} finally {
  await browser.close();
  await stop(machine);
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(`${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
