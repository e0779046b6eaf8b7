// Everything works without this file: it adds the choice of dark or light, the / key, and filters as you type.
"use strict";

const root = document.documentElement;
const stored = (() => {
  try { return localStorage.getItem("headway-theme"); } catch { return null; }  // disk pages may have no storage
})();
if (stored === "dark" || stored === "light") root.dataset.theme = stored;

document.addEventListener("DOMContentLoaded", () => {
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    const show = () => button.setAttribute("aria-pressed", String(dark()));
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("headway-theme", root.dataset.theme); } catch { /* for this page only, then */ }
      show();
    });
  }

  for (const search of document.querySelectorAll("[data-search]")) search.hidden = false;

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = [...document.querySelectorAll("input[type=search]")].find((f) => f.offsetParent);
    if (field) { event.preventDefault(); field.focus(); }
  });

  const form = document.querySelector("[data-filter]");
  if (!form) return;
  const rows = [...document.querySelectorAll("[data-text]")];
  const groups = [...document.querySelectorAll("tr.group")];
  const said = document.querySelector("[data-said]");
  const asked = new URLSearchParams(location.search);
  for (const field of form.elements) {
    const wanted = asked.get(field.name);
    if (!field.name || wanted === null) continue;
    const known = field.tagName !== "SELECT" || [...field.options].some((option) => option.value === wanted);
    if (known) field.value = wanted;
  }
  const apply = () => {
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.dataset.text.includes(word))
        && ["area", "status", "owner", "maturity", "audience", "level", "state"].every((key) => {
          const field = form.elements[key];
          return !field || !field.value || row.dataset[key] === field.value;
        });
      row.hidden = !fits;
      shown += fits;
    }
    for (const group of groups) {
      let next = group.nextElementSibling;
      let any = false;
      for (; next && !next.classList.contains("group"); next = next.nextElementSibling) any ||= !next.hidden;
      group.hidden = !any;
    }
    const what = `${form.dataset.filter || "KPI"}s`;
    said.textContent = shown === rows.length ? `${rows.length} ${what}` : `${shown} of ${rows.length} ${what} shown`;
    const none = document.querySelector("[data-none]");
    if (none) none.hidden = shown > 0;
    const kept = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    for (const chip of document.querySelectorAll("[data-chips] .chip")) {
      chip.hidden = form.elements[chip.dataset.key]?.value !== chip.dataset.value;
    }
    for (const clear of document.querySelectorAll("[data-clear]")) clear.hidden = shown === rows.length;
    try { history.replaceState(null, "", (kept.size ? `?${kept}` : location.pathname) + location.hash); } catch { /* from disk */ }
  };
  form.hidden = false;
  for (const list of document.querySelectorAll("[data-chips]")) list.hidden = false;
  for (const button of form.querySelectorAll("[data-plain]")) button.hidden = true;  // what is typed is applied at once
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  apply();
});
