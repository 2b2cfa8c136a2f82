// @ts-check
// Makes the page live. All works without it, and the address is the only state.

const $ = (/** @type {string} */ selector, /** @type {ParentNode} */ root = document) =>
  /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
const one = (/** @type {Parameters<typeof $>} */ ...which) => $(...which).at(0);
const link = (/** @type {Parameters<typeof $>} */ ...which) => /** @type {HTMLAnchorElement | undefined} */ (one(...which));
const parsed = (/** @type {string} */ html) => new DOMParser().parseFromString(html, "text/html");

/** Cuts long work, so that no frame is late. */
const frame = () => new Promise(requestAnimationFrame);

// Slow to make.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const coded = /** @type {const} */ ([["country", "region", /^[A-Z]{2}$/], ["language", "language", /^[a-z]{2}$/]])
  .map(([name, type, code]) => ({ name, code, names: new Intl.DisplayNames(undefined, { type }) }));

/** Times in the reader's zone (UTC on hover), countries and languages in their language. @param {ParentNode} root */
function polish(root) {
  for (const time of $("time[datetime]", root)) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.getTime()) || time.title) continue;
    time.title = time.textContent ?? "";
    time.textContent = format.format(at);
  }
  // X's own codes stay.
  for (const { name, code, names } of coded) {
    for (const element of $(`[data-${name}]`, root)) {
      const value = element.dataset[name] ?? "";
      if (code.test(value)) element.textContent = names.of(value) ?? value;
    }
  }
}

const here = new URL(location.href);
const lost = one("#lost");
const list = one(".posts");
/** How often to ask for this page again, in ms. */
const lookEvery = Number(document.body.dataset.lookEvery) || 2000;
const isNow = here.pathname === "/";
// Only the newest posts are followed: with a filter, a look would read thousands to find a few.
const isNewest = here.pathname === "/browse"
  && [...here.searchParams].every(([name, value]) => !value || ["keyword", "pictures"].includes(name));

/** This page as it is now; says when nobody answers. */
async function again() {
  try {
    const answer = await fetch(here, { signal: AbortSignal.timeout(Math.max(2500, lookEvery / 2)) });
    // Signed out meanwhile.
    if (answer.redirected) location.assign(answer.url);
    if (!answer.ok) throw new Error(String(answer.status));
    if (lost) lost.hidden = true;
    return parsed(await answer.text());
  } catch {
    if (lost) lost.hidden = false;
    return null;
  }
}

/** Puts in what has changed, except what is in use. @param {Document} fresh */
function replace(fresh) {
  const used = document.activeElement?.matches("a, button, input, select, summary") ? document.activeElement : null;
  const names = (/** @type {Document} */ of) => $("[data-live]", of).map((part) => part.dataset.live).join();
  // A part has come or gone.
  if (names(document) !== names(fresh) && !used) location.reload();
  for (const old of $("[data-live]")) {
    const name = old.dataset.live ?? "";
    const next = one(`[data-live="${name}"]`, fresh);
    if (!next || name === "posts" || (name === "histogram" && begin) || old.contains(used)) continue;
    polish(next);
    if (!old.isEqualNode(next)) {
      const scrolled = $(".scroll", old).map((table) => ({ left: table.scrollLeft, top: table.scrollTop }));
      old.replaceChildren(...next.childNodes);
      $(".scroll", old).forEach((table, index) => table.scrollTo(scrolled[index] ?? { left: 0, top: 0 }));
    }
    old.className = next.className;
  }
}

/** Posts of a page that are not in the list. @param {Document} page */
function unknown(page) {
  const known = new Set($(".post").map(({ id }) => id));
  return $(".post", page).filter(({ id }) => !known.has(id));
}

/** Older posts are those behind it. @param {Document} page */
function continueAt(page) {
  const [next, after] = [link("a[rel=next]"), link("a[rel=next]", page)];
  if (!next) return;
  next.hidden = !after;
  if (after) next.href = after.href;
}

/** New posts go above; once the reader has scrolled, they are counted. @param {Document} fresh */
function tail(fresh) {
  const waiting = one("#waiting");
  if (!list || !waiting) return;
  const [newest, added] = [$(".post", fresh), unknown(fresh)];
  const isRead = scrollY > 0 || list.contains(document.activeElement);
  const isAll = added.length === newest.length;
  waiting.hidden = !isRead || added.length === 0;
  if (isRead) {
    const shown = link("a", waiting);
    if (shown) shown.textContent = isAll ? "Newer posts" : `${added.length} new post${added.length === 1 ? "" : "s"}`;
    return;
  }
  one(".empty")?.remove();
  added.forEach(polish);
  // Where posts between the two may be missing, or it grows long, the list begins anew.
  if ((isAll && added.length > 0) || list.childElementCount > 400) {
    list.replaceChildren(...newest);
    polish(list);
    continueAt(fresh);
  } else {
    list.prepend(...added);
  }
}

const pause = one("#pause");
let isPaused = false;
async function follow() {
  if (document.visibilityState === "visible" && !isPaused) {
    const fresh = await again();
    if (fresh) {
      await frame();
      replace(fresh);
      await frame();
      if (isNewest) tail(fresh);
    }
  }
  setTimeout(follow, lookEvery);
}

/** Fetches posts when an end of the list is near, while `more` finds some. @param {HTMLElement | undefined} end @param {() => Promise<unknown>} more */
function endless(end, more) {
  if (!end) return;
  let busy = false;
  const watch = new IntersectionObserver(async (seen) => {
    if (busy || !seen.some((entry) => entry.isIntersecting)) return;
    busy = true;
    // After an error, a pause.
    const found = await more().catch(() => new Promise((done) => setTimeout(done, 5000, true)));
    busy = false;
    watch.unobserve(end);
    if (found) watch.observe(end);
  }, { rootMargin: "800px" });
  watch.observe(end);
}

/** Older posts below; above a later page, newer ones: without a jump. @param {HTMLElement} list */
function scroll(list) {
  const page = async (/** @type {URL | string} */ address) => {
    const answer = await fetch(address);
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    return parsed(await answer.text());
  };
  const next = link("a[rel=next]");
  endless(next, async () => {
    const asked = next?.href ?? "";
    const older = await page(asked);
    // The list began anew.
    if (next?.href !== asked) return true;
    const posts = unknown(older);
    for (const [index, post] of posts.entries()) {
      if (index % 5 === 0) await frame();
      polish(post);
      list.append(post);
    }
    continueAt(older);
    // Without any, going on is up to the reader.
    return posts.length;
  });
  if (here.searchParams.has("order")) return;
  endless(one(".above"), async () => {
    // In order of time, from the first on.
    const address = new URL(here);
    address.searchParams.delete("cursor");
    address.searchParams.set("order", "oldest");
    address.searchParams.set("from", one("time", list)?.getAttribute("datetime") ?? "");
    const posts = unknown(await page(address)).reverse();
    posts.forEach(polish);
    const height = list.scrollHeight;
    list.prepend(...posts);
    scrollBy(0, list.scrollHeight - height);
    return posts.length;
  });
}

/** A Shift-click on a value leaves out what has it. */
addEventListener("click", (event) => {
  const clicked = event.shiftKey && event.target instanceof Element ? event.target.closest("a[data-filter]") : null;
  if (!(clicked instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  const name = clicked.dataset.filter ?? "";
  const opposite = `not${name[0].toUpperCase()}${name.slice(1)}`;
  const address = new URL(here);
  const [value, before] = [new URL(clicked.href).searchParams.get(name) ?? "", address.searchParams.get(opposite)];
  if (address.searchParams.get(name) === value) address.searchParams.delete(name);
  address.searchParams.set(opposite, before && name !== "text" ? `${before},${value}` : value);
  address.searchParams.delete("cursor");
  location.assign(address);
});

/** Where a drag began. @type {{ x: number, time: number } | null} */
let begin = null;

/** A drag sets the time. @param {HTMLElement} figure */
function brush(figure) {
  const at = (/** @type {PointerEvent} */ event) => {
    const svg = one("svg.histogram", figure);
    if (!svg) return null;
    const [from, to] = [svg.dataset.from, svg.dataset.to].map((time) => Date.parse(time ?? ""));
    const [left, width] = [Number(svg.dataset.left), Number(svg.dataset.width)];
    const box = svg.getBoundingClientRect();
    const x = Math.min(width, Math.max(left, (event.clientX - box.left) * width / box.width));
    return { svg, x, time: from + (to - from) * (x - left) / (width - left) };
  };
  const chosen = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  chosen.setAttribute("class", "chosen");
  chosen.setAttribute("height", "100%");
  figure.addEventListener("dragstart", (event) => event.preventDefault());
  figure.addEventListener("pointerdown", (event) => {
    const isMouse = event.pointerType === "mouse" && event.button === 0;
    if (isMouse && event.target instanceof Element && event.target.closest("svg.histogram")) begin = at(event);
  });
  figure.addEventListener("pointermove", (event) => {
    const end = begin && at(event);
    if (!begin || !end || Math.abs(end.x - begin.x) < 5) return;
    end.svg.append(chosen);
    chosen.setAttribute("x", String(Math.min(begin.x, end.x)));
    chosen.setAttribute("width", String(Math.abs(end.x - begin.x)));
  });
  addEventListener("pointerup", (event) => {
    const end = begin && at(event);
    if (!begin || !end) return;
    const [first, last] = [begin.time, end.time].sort((a, b) => a - b);
    const isDrag = Math.abs(end.x - begin.x) >= 5 && last - first >= 1000;
    begin = null;
    chosen.remove();
    if (!isDrag) return;
    // The drag's last click follows no link.
    const ignore = (/** @type {Event} */ click) => click.preventDefault();
    figure.addEventListener("click", ignore, { capture: true });
    setTimeout(() => figure.removeEventListener("click", ignore, { capture: true }));
    const address = new URL(here);
    address.searchParams.set("from", new Date(first).toISOString());
    address.searchParams.set("to", new Date(last).toISOString());
    address.searchParams.delete("cursor");
    location.assign(address);
  });
}

/** @param {HTMLDialogElement} help @param {HTMLInputElement} single */
function keys(help, single) {
  // Who speaks to the computer can switch single letters off.
  single.checked = localStorage.getItem("keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("keys", single.checked ? "on" : "off"));
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement)) return;
    if (target.matches("input, select")) {
      if (key === "Escape") target.blur();
    } else if (key === "?" && single.checked) {
      help.showModal();
    } else if (key === "Enter" && target.matches(".post")) {
      link("a.view", target)?.click();
    } else if (key === "/" && single.checked) {
      event.preventDefault();
      (one("input[type=search]") ?? one("input[name=keyword]"))?.focus();
    } else if ((key === "j" || key === "k") && single.checked) {
      const posts = $(".post");
      const now = posts.findIndex((post) => post === target);
      posts[Math.min(posts.length - 1, Math.max(0, now + (key === "j" ? 1 : -1)))]?.focus();
    }
  });
}

polish(document);
const figure = one(".brush");
if (figure) brush(figure);
if (list) scroll(list);
const help = document.querySelector("dialog");
const single = help?.querySelector("input");
if (help && single) keys(help, single);
if (isNow || isNewest) {
  if (pause) {
    pause.hidden = false;
    pause.onclick = () => {
      isPaused = !isPaused;
      pause.textContent = isPaused ? "Resume updates" : "Pause updates";
    };
  }
  setTimeout(follow, lookEvery);
}
