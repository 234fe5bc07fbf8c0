/* Points of a drawing tell what they are: to who points at them, and to who goes through them with the arrow keys.
   Without this script the browser's own hints do. */
"use strict";

function points(drawing) {
  return [...drawing.querySelectorAll("title")].map((title) => title.parentNode);
}

/** Show a point's words below its drawing. */
function tell(drawing, point) {
  drawing.querySelector(".here")?.classList.remove("here");
  point?.classList.add("here");
  drawing.parentNode.parentNode.querySelector(".told").textContent = point?.querySelector("title").textContent ?? "";
}

/** The point of a drawing that is nearest to a place on the screen, within a finger's width. */
function nearest(drawing, x, y) {
  const far = (point) => {
    const box = point.getBoundingClientRect();
    return Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
  };
  const found = points(drawing).reduce((best, point) => (!best || far(point) < far(best) ? point : best), null);
  return found && far(found) < 24 ? found : null;
}

function enhanceDrawing(drawing) {
  const all = points(drawing);
  if (!all.length) return;
  const line = make("p", { class: "told", "aria-live": "polite" });
  drawing.parentNode.after(line);
  for (const point of all) {
    point.setAttribute("tabindex", "-1");
    point.setAttribute("role", "img");
    point.setAttribute("aria-label", point.querySelector("title").textContent);
  }
  let at = -1;
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -all.length, End: all.length }[event.key];
    if (!step) return;
    event.preventDefault();
    at = Math.min(all.length - 1, Math.max(0, at + step));
    all[at].focus();
    tell(drawing, all[at]);
  });
  for (const kind of ["pointermove", "pointerdown"]) {
    drawing.addEventListener(kind, (event) => tell(drawing, nearest(drawing, event.clientX, event.clientY)));
  }
}

function enhancePoints() {
  document.querySelectorAll(".drawing > svg").forEach(enhanceDrawing);
}
