/* What a page does beyond being read: contents that follow, tables that sort and filter, figures that zoom.
   Without this script everything is there to be read and printed. Texts are Chinese, for the reader. */
"use strict";
const root = document.documentElement;
const NARROW = "(max-width: 60rem)";

function make(tag, facts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// -- light and dark ------------------------------------------------------------------------------------

function setTheme(theme) {
  root.dataset.theme = theme;
  // a page opened as a file may not be allowed to remember
  try { localStorage.setItem("xhcp-theme", theme); } catch { /* then it follows the system */ }
}

function storedTheme() {
  try { return localStorage.getItem("xhcp-theme"); } catch { return null; }
}

function isDark() {
  return (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
}

function addThemeButton() {
  const button = make("button", { type: "button", class: "theme", "aria-pressed": String(isDark()) }, "深色显示");
  button.addEventListener("click", () => {
    setTheme(isDark() ? "light" : "dark");
    button.setAttribute("aria-pressed", String(isDark()));
  });
  document.querySelector(".masthead").append(button);
}

// -- contents ------------------------------------------------------------------------------------------

function followReading() {
  const fold = document.querySelector(".contents details");
  fold.open = !matchMedia(NARROW).matches;
  addEventListener("beforeprint", () => { fold.open = true; });
  fold.addEventListener("click", (event) => {
    if (event.target.closest("a") && matchMedia(NARROW).matches) fold.open = false;
  });
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) markCurrent(entry.target.id);
  }, { rootMargin: "-15% 0px -80% 0px" });
  document.querySelectorAll(".chapter").forEach((chapter) => seen.observe(chapter));
}

function markCurrent(id) {
  for (const item of document.querySelectorAll(".contents details > ol > li")) {
    const link = item.querySelector("a");
    const current = link.hash === `#${id}`;
    item.classList.toggle("current", current);
    if (current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// -- figures -------------------------------------------------------------------------------------------

function zoom(figure) {
  const drawing = figure.querySelector("svg, img").cloneNode(true);
  let scale = 1;
  const resize = (factor) => {
    scale = Math.min(4, Math.max(1, scale * factor));
    drawing.style.width = `${scale * 100}%`;
  };
  const title = figure.querySelector("figcaption")?.textContent ?? "图";
  drawing.style.minWidth = `${figure.querySelector("svg, img").getAttribute("width") ?? 0}px`; // on a phone
  const paper = make("div", { class: "paper", tabindex: "0", role: "group", "aria-label": "放大的图，可滚动" }, drawing);
  const dialog = make("dialog", { class: "zoomed", "aria-label": title },
    make("div", { class: "tools" }, make("strong", {}, title),
      make("button", { type: "button", onclick: () => resize(1.5) }, "放大"),
      make("button", { type: "button", onclick: () => resize(1 / 1.5) }, "缩小"),
      make("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "关闭（Esc）")),
    paper);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  resize(1);
  document.body.append(dialog);
  dialog.showModal();
}

function enhanceFigures() {
  for (const figure of document.querySelectorAll("main figure")) {
    const title = figure.querySelector("figcaption")?.textContent ?? "图";
    figure.append(make("button", { type: "button", class: "zoom", "aria-label": `放大：${title}`, onclick: () => zoom(figure) }, "放大"));
  }
}

const stored = storedTheme();
if (stored) root.dataset.theme = stored;
/** Tools above a table, and chapters laid out as they come into sight, move what an address leads to: go there until it stays. */
function goToPlace(left = 6) {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  const before = place.getBoundingClientRect().top;
  place.scrollIntoView();
  const moved = Math.abs(place.getBoundingClientRect().top - before) > 2;
  if (left && (moved || left > 4)) requestAnimationFrame(() => requestAnimationFrame(() => goToPlace(left - 1)));
}

document.addEventListener("DOMContentLoaded", () => {
  root.classList.add("lively");
  document.body.append(spoken);
  addThemeButton();
  if (document.querySelector(".contents details")) followReading();
  enhanceTables();
  enhanceFigures();
  enhancePoints();
  goToPlace();
  addEventListener("hashchange", () => goToPlace());
});
