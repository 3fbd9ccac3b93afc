// Small helps of the interface. Every page works without them.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const typing = (e) => e.target.closest("input, textarea, select, [contenteditable]");

  // Shortcuts: / search, ? help, n new, g then h or a number.
  const never = -Infinity; // a page just opened is not one where "g" was pressed
  let waiting = never;
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented) return; // a grid has taken it
    if (e.key === "Escape" && e.target.id === "search-box") {
      e.target.value = "";
      $("#search-hits").replaceChildren();
      return e.target.blur();
    }
    if (e.ctrlKey || e.metaKey || e.altKey || typing(e) || $("dialog[open]")) return;
    if (e.timeStamp - waiting < 1500) {
      waiting = never;
      const links = [...document.querySelectorAll(".sidebar-nav a")];
      const link = e.key === "h" ? $("a.brand") : links[Number(e.key) - 1];
      if (link) return link.click();
    }
    if (e.key === "/") { e.preventDefault(); ($("#search-page") || $("#search-box"))?.focus(); }
    else if (e.key === "?") $("#keyboard-help")?.showModal();
    else if (e.key === "n") $("[data-key=n]")?.click();
    else if (e.key === "g") waiting = e.timeStamp;
  });

  // Arrows move among the results of a search.
  document.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const list = e.target.closest(".searchbox") || (e.target.id === "search-page" || e.target.closest("#hits") ? document : null);
    if (!list) return;
    const hits = [...list.querySelectorAll("a.hit")];
    const at = hits.indexOf(e.target);
    const next = e.key === "ArrowDown" ? hits[at + 1] : hits[at - 1] || $("input[type=search]", list);
    if (next) { e.preventDefault(); next.focus(); }
  });

  document.addEventListener("click", (e) => {
    const opener = e.target.closest("[data-open-dialog]");
    const opened = opener && document.getElementById(opener.dataset.openDialog);
    // Not every browser tells of dialogs that are opened: what is read in one stays as it is.
    opened?.setAttribute("hx-morph-skip", "");
    opened?.showModal();
    if (e.target.closest("[data-print]")) window.print();
    if (e.target.closest("[data-close-dialog]")) e.target.closest("dialog").close();
    if (!e.target.closest(".searchbox")) $("#search-hits")?.replaceChildren();
  });

  // One click sends a form once; leaving by "back" frees it again.
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (form.method !== "post" || e.defaultPrevented) return;
    if (form.dataset.sent) return e.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((f) => delete f.dataset.sent));

  // What somebody is typing in is left alone when its surroundings are refreshed.
  document.addEventListener("focusin", (e) => {
    const touched = e.target.closest("#ticket-live dialog, #ticket-live form");
    touched?.setAttribute("hx-morph-skip", "");
  });
  document.addEventListener("close", (e) => e.target.removeAttribute?.("hx-morph-skip"), true);
  document.addEventListener("toggle", (e) => e.target.toggleAttribute("hx-morph-skip", e.target.open), true);

  // A file may be dropped anywhere on its form.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (e) => {
    const form = e.target.closest?.("[data-drop-zone]");
    if (!form) return;
    e.preventDefault();
    if (kind === "drop" && e.dataTransfer.files.length) $("input[type=file]", form).files = e.dataTransfer.files;
  });

  // A button that asks for a part says its own name, as it does when it sends its form.
  document.addEventListener("htmx:config:request", (e) => {
    const { sourceElement: button, request } = e.detail.ctx;
    if (button.matches?.("button[name]") && request.body?.append) request.body.append(button.name, button.value);
  });

  // A long list of services is searched without asking the server.
  const finder = $("[data-find-service]");
  if (finder) {
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    finder.hidden = false;
    finder.addEventListener("input", () => {
      const words = plain($("input", finder).value).split(/\s+/);
      for (const family of document.querySelectorAll(".service-families > section")) {
        const head = plain(family.querySelector("h2").textContent);
        const cards = [...family.querySelectorAll("li")];
        for (const card of cards) {
          const text = head + " " + plain(card.textContent);
          card.hidden = !words.every((word) => text.includes(word));
        }
        family.hidden = cards.every((card) => card.hidden);
      }
      $("[data-none-found]").hidden = !![...document.querySelectorAll(".service-families > section")].some((one) => !one.hidden);
    });
  }

  $("[data-open-now]")?.showModal();
  $(".form-summary")?.focus();
})();
