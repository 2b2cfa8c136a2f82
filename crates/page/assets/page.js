// @ts-check
// Makes the page live. Everything works without it; nothing here holds state that is not in the address.

const $ = (/** @type {string} */ selector, /** @type {ParentNode} */ root = document) => [...root.querySelectorAll(selector)];

/** Times in the reader's own zone, with UTC on hover. @param {ParentNode} root */
function localTimes(root) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of $("time[datetime]", root)) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    if (time instanceof HTMLElement && !Number.isNaN(at.getTime()) && !time.title) {
      time.title = time.textContent ?? "";
      time.textContent = format.format(at);
    }
  }
}

/** Countries in the reader's language. @param {ParentNode} root */
function countryNames(root) {
  const names = new Intl.DisplayNames(undefined, { type: "region" });
  for (const element of $("[data-country]", root)) {
    const code = element.getAttribute("data-country") ?? "";
    if (/^[A-Z]{2}$/.test(code)) element.textContent = names.of(code) ?? code;
  }
}

/** @param {ParentNode} root */
function polish(root) {
  localTimes(root);
  countryNames(root);
}

const lost = document.getElementById("lost");
const isNow = location.pathname === "/";
// Only the newest posts of a keyword are followed: with a filter, each look would read thousands to find a few.
const isNewest = location.pathname === "/browse"
  && [...new URLSearchParams(location.search)].every(([name, value]) => !value || ["keyword", "pictures"].includes(name));

/** Asks for this page again, and says so when nobody answers. @returns {Promise<Document | null>} */
async function again() {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(2500) });
    // Signed out meanwhile.
    if (answer.redirected) location.assign(answer.url);
    if (!answer.ok) throw new Error(String(answer.status));
    if (lost) lost.hidden = true;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    if (lost) lost.hidden = false;
    return null;
  }
}

/** Puts what has changed into the page, but for what the reader is using. @param {Document} fresh @param {(name: string) => boolean} wanted */
function replace(fresh, wanted) {
  const used = document.activeElement?.matches("a, button, input, select, summary") ? document.activeElement : null;
  const names = (/** @type {Document} */ of) => $("[data-live]", of).map((part) => part.getAttribute("data-live")).join();
  // A part has come or gone, such as the table of keywords.
  if (names(document) !== names(fresh) && !used) location.reload();
  for (const old of $("[data-live]")) {
    const name = old.getAttribute("data-live") ?? "";
    const next = fresh.querySelector(`[data-live="${name}"]`);
    if (!next || !wanted(name) || old.contains(used)) continue;
    polish(next);
    if (old.innerHTML !== next.innerHTML) {
      const scrolled = $(".scroll", old).map(({ scrollLeft, scrollTop }) => ({ left: scrollLeft, top: scrollTop }));
      old.replaceChildren(...next.childNodes);
      $(".scroll", old).forEach((table, index) => table.scrollTo(scrolled[index] ?? { left: 0, top: 0 }));
    }
    old.className = next.className;
  }
}

/** New posts go above, unless the reader has scrolled: then they are counted. @param {Document} fresh */
function tail(fresh) {
  const list = document.querySelector(".posts");
  const waiting = document.getElementById("waiting");
  if (!list || !waiting) return;
  const known = new Set($(".post", list).map((post) => post.id));
  const newest = $(".post", fresh);
  const added = newest.filter((post) => !known.has(post.id));
  if (scrollY > 200) {
    const link = waiting.querySelector("a");
    waiting.hidden = added.length === 0;
    if (link) link.textContent = added.length >= known.size ? "Newer posts" : `${added.length} new post${added.length === 1 ? "" : "s"}`;
    return;
  }
  waiting.hidden = true;
  document.querySelector(".empty")?.remove();
  for (const post of added) polish(post);
  const next = fresh.querySelector("a[rel=next]");
  const here = document.querySelector("a[rel=next]");
  // Where posts between the two may be missing, or the list grows long, it begins anew, and so do the older ones behind it.
  if (added.length > 0 && added.length === newest.length || known.size > 400) {
    list.replaceChildren(...newest);
    polish(list);
    if (here instanceof HTMLAnchorElement && next instanceof HTMLAnchorElement) here.href = next.href;
  } else {
    list.prepend(...added);
  }
}

async function follow() {
  if (document.visibilityState === "visible") {
    const fresh = await again();
    if (fresh) {
      replace(fresh, (name) => name !== "posts" && !(name === "histogram" && isBrushing?.()));
      if (isNewest) tail(fresh);
    }
  }
  setTimeout(follow, 2000);
}

/** Older posts are fetched when the end of the list comes near. */
function endless() {
  const list = document.querySelector(".posts");
  const next = document.querySelector("a[rel=next]");
  if (!list || !(next instanceof HTMLAnchorElement)) return;
  let busy = false;
  const watch = new IntersectionObserver(async (seen) => {
    if (busy || !next.href || !seen.some((entry) => entry.isIntersecting)) return;
    busy = true;
    try {
      const answer = await fetch(next.href);
      if (!answer.ok || answer.redirected) return;
      const more = new DOMParser().parseFromString(await answer.text(), "text/html");
      const known = new Set($(".post", list).map((post) => post.id));
      const posts = $(".post", more).filter((post) => !known.has(post.id));
      posts.forEach(polish);
      list.append(...posts);
      const after = more.querySelector("a[rel=next]");
      if (after instanceof HTMLAnchorElement) next.href = after.href;
      else { watch.disconnect(); next.remove(); }
    } finally { busy = false; }
  }, { rootMargin: "800px" });
  watch.observe(next);
}

/** A drag over a histogram sets the time. The drawing may be replaced meanwhile, its figure is not. */
function brush() {
  const figure = document.querySelector(".brush");
  if (!figure) return;
  const at = (/** @type {PointerEvent} */ event) => {
    const svg = figure.querySelector("svg.histogram");
    if (!(svg instanceof SVGSVGElement)) return null;
    const [from, to] = ["from", "to"].map((name) => Date.parse(svg.dataset[name] ?? ""));
    const [left, width] = ["left", "width"].map((name) => Number(svg.dataset[name]));
    const box = svg.getBoundingClientRect();
    const x = Math.min(width, Math.max(left, (event.clientX - box.left) * width / box.width));
    return { svg, x, time: from + (to - from) * (x - left) / (width - left) };
  };
  /** @type {{ x: number, time: number } | null} */
  let begin = null;
  const chosen = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  chosen.setAttribute("class", "chosen");
  chosen.setAttribute("y", "0");
  chosen.setAttribute("height", "100%");
  figure.addEventListener("dragstart", (event) => event.preventDefault());
  figure.addEventListener("pointerdown", (event) => {
    const isMouse = event instanceof PointerEvent && event.pointerType === "mouse" && event.button === 0;
    if (isMouse && event.target instanceof Element && event.target.closest("svg.histogram")) begin = at(event);
  });
  figure.addEventListener("pointermove", (event) => {
    const end = begin && event instanceof PointerEvent ? at(event) : null;
    if (!begin || !end || Math.abs(end.x - begin.x) < 5) return;
    end.svg.append(chosen);
    chosen.setAttribute("x", String(Math.min(begin.x, end.x)));
    chosen.setAttribute("width", String(Math.abs(end.x - begin.x)));
  });
  addEventListener("pointerup", (event) => {
    const end = begin ? at(event) : null;
    if (!begin || !end) return;
    const [first, last] = [begin.time, end.time].sort((a, b) => a - b);
    const moved = Math.abs(end.x - begin.x) >= 5;
    begin = null;
    chosen.remove();
    if (!moved || last - first < 1000) return;
    // The click that ends the drag follows no link; if none comes, the next click is not lost.
    const ignore = (/** @type {Event} */ click) => click.preventDefault();
    figure.addEventListener("click", ignore, { once: true, capture: true });
    setTimeout(() => figure.removeEventListener("click", ignore, { capture: true }));
    const address = new URL(location.href);
    address.searchParams.set("from", new Date(first).toISOString());
    address.searchParams.set("to", new Date(last).toISOString());
    address.searchParams.delete("cursor");
    location.assign(address);
  });
  return () => begin !== null;
}

/** `/` searches, `j` and `k` go from post to post, `?` lists the keys, Esc leaves. */
function keys() {
  const help = document.createElement("dialog");
  help.setAttribute("aria-label", "Keys");
  help.innerHTML = "<h2>Keys</h2><dl><dt>/</dt><dd>search</dd><dt>j, k</dt><dd>next post, the one before</dd><dt>Enter</dt><dd>open the post</dd><dt>?</dt><dd>these keys</dd><dt>Esc</dt><dd>leave</dd></dl><form method=\"dialog\"><button>Close</button></form>";
  document.body.append(help);
  addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.key === "/") {
      const field = document.querySelector("input[type=search]") ?? document.querySelector("input[name=keyword]");
      if (field instanceof HTMLInputElement) { event.preventDefault(); field.focus(); }
    } else if (event.key === "?") {
      help.showModal();
    } else if (event.key === "j" || event.key === "k") {
      const posts = $(".post");
      const now = posts.findIndex((post) => post.classList.contains("chosen"));
      const next = posts[Math.min(posts.length - 1, Math.max(0, now + (event.key === "j" ? 1 : -1)))];
      if (!(next instanceof HTMLElement)) return;
      posts[now]?.classList.remove("chosen");
      next.classList.add("chosen");
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && target instanceof HTMLElement && target.classList.contains("post")) {
      const page = target.querySelector("a.view");
      if (page instanceof HTMLAnchorElement) page.click();
    }
  });
}

polish(document);
const isBrushing = brush();
endless();
keys();
if (isNow || isNewest) setTimeout(follow, 2000);
