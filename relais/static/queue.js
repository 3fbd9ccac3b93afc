// The list of requests from the keyboard: j/k move, x picks, Enter opens, a gives, / searches.
// The boxes, the views and the actions work without it.
(() => {
  const rows = () => [...document.querySelectorAll("#tickets-rows tbody tr")];
  const link = (row) => row?.querySelector("td a");
  const box = (row) => row?.querySelector(".pick");
  const boxes = () => [...document.querySelectorAll(".pick")];
  const bar = document.getElementById("bulk");
  const picked = new Map(); // each with the version that was seen when it was picked
  let at = null; // the key of the line where one is, over refreshes
  const key = (row) => link(row)?.getAttribute("href");
  const here = () => rows().find((row) => key(row) === at);

  const go = (row, focus = true) => {
    document.querySelector("#tickets-rows tr.at")?.classList.remove("at");
    if (!row) return;
    at = key(row);
    row.classList.add("at");
    if (focus) { link(row)?.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  };
  const move = (step) => {
    const all = rows();
    const now = all.indexOf(here());
    go(all[now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + step))]);
  };
  const count = () => {
    if (!bar) return;
    picked.clear();
    boxes().forEach((one) => {
      if (one.checked) picked.set(one.id, one.value);
      else if (one.dataset.fresh) one.value = one.dataset.fresh;
    });
    const text = bar.querySelector(".bulk-count");
    if (picked.size) text.textContent = picked.size === 1 ? text.dataset.one : text.dataset.many.replace("#", picked.size);
  };
  const tick = (one, on) => { if (one) { one.checked = on ?? !one.checked; count(); } };

  document.addEventListener("keydown", (e) => {
    const typing = e.target.closest("input:not(.pick), textarea, select, [contenteditable]");
    if (e.ctrlKey || e.metaKey || e.altKey || typing || document.querySelector("dialog[open]")) return;
    if (e.key === "/") {
      e.preventDefault();
      e.stopImmediatePropagation(); // here one searches requests rather than people
      document.getElementById("tickets-q")?.focus();
    } else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "x") tick(box(here()));
    else if (e.key === "Enter" && e.target.matches(".pick")) { e.preventDefault(); link(e.target.closest("tr"))?.click(); }
    else if (e.key === "Enter" && e.target === document.body && here()) link(here())?.click();
    else if (e.key === "a" && bar) {
      if (!picked.size) tick(box(here()), true);
      if (!picked.size) return;
      e.preventDefault();
      document.getElementById("bulk-verb").value = "assign";
      document.getElementById("bulk-person").focus();
    }
  }, true);

  document.addEventListener("change", (e) => { if (e.target.matches(".pick")) count(); });
  document.addEventListener("focusin", (e) => {
    const row = e.target.closest("#tickets-rows tbody tr");
    if (row) go(row, false);
  });
  for (const [selector, on] of [["[data-pick-all]", true], ["[data-pick-none]", false]]) {
    const button = bar?.querySelector(selector);
    if (!button) continue;
    button.hidden = false;
    button.addEventListener("click", () => { boxes().forEach((one) => { one.checked = on; }); count(); });
  }

  // Lines that were refreshed keep their ticks, as what was seen: a request that changed meanwhile
  // is refused as changed. The pills follow the filters.
  const settle = () => {
    const kept = new Map(picked);
    boxes().forEach((one) => {
      one.checked = kept.has(one.id);
      if (!one.checked) return;
      one.dataset.fresh = one.value;
      one.value = kept.get(one.id);
    });
    count();
    go(here(), false);
    if (at && document.activeElement === document.body) link(here())?.focus({ preventScroll: true });
    document.querySelectorAll(".view-pill").forEach((pill) => {
      const same = (new URL(pill.href).search || "") === (location.search || "?view=all");
      if (same) pill.setAttribute("aria-current", "page"); else pill.removeAttribute("aria-current");
    });
  };
  document.addEventListener("htmx:after:swap", (e) => { if (document.getElementById("tickets-rows")) settle(e); });

  // What is kept or done concerns the list as it is shown now.
  document.addEventListener("submit", (e) => {
    const field = e.target.querySelector("[data-here]");
    if (field) field.value = location.search.replace(/^\?/, "");
  }, true);
  count();
})();
