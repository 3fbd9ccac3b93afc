// Files sent ahead with their progress, and drafts of texts kept in this browser. All works without.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const csrf = () => $("[name=csrfmiddlewaretoken]")?.value || "";
  const holdStill = (field) => field.closest("form")?.setAttribute("hx-morph-skip", "");

  // --- files -------------------------------------------------------------------------------
  const send = (field, file) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    line.className = "draft-file sending";
    name.textContent = file.name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.append(name, bar);
    $(".draft-files", field).append(line);
    const asked = new XMLHttpRequest();
    const failed = (text) => {
      line.className = "draft-file failed";
      bar.remove();
      name.textContent = text || file.name;
      line.setAttribute("role", "alert");
    };
    asked.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; };
    asked.onload = () => {
      if (asked.status !== 201) return failed(asked.status === 422 ? asked.responseText : `${file.name} (${asked.status})`);
      const made = document.createElement("template");
      made.innerHTML = asked.responseText;
      line.replaceWith(made.content);
    };
    asked.onerror = () => failed(`${file.name} ✕`);
    asked.onloadend = () => field.dispatchEvent(new Event("files-settled"));
    const body = new FormData();
    body.append("files", file, file.name);
    body.append("csrfmiddlewaretoken", csrf());
    asked.open("POST", field.dataset.files);
    asked.send(body);
  };
  const take = (field, files) => {
    holdStill(field);
    $("#write-text")?.removeAttribute("required");
    for (const file of files) send(field, file);
  };
  document.addEventListener("change", (e) => {
    const field = e.target.closest("[data-files]");
    if (!field || e.target.type !== "file") return;
    take(field, [...e.target.files]);
    e.target.value = "";
  });
  for (const kind of ["dragover", "dragleave", "drop"]) document.addEventListener(kind, (e) => {
    const field = e.target.closest?.("form")?.querySelector("[data-files]");
    if (!field || ![...(e.dataTransfer?.types || [])].includes("Files")) return;
    e.preventDefault();
    field.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop") take(field, [...e.dataTransfer.files]);
  });
  document.addEventListener("paste", (e) => {
    const field = e.target.closest?.("form")?.querySelector("[data-files]");
    const files = [...(e.clipboardData?.files || [])];
    if (field && files.length) { e.preventDefault(); take(field, files); }
  });
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-drop-file]");
    if (!button) return;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", csrf());
    fetch(button.dataset.dropFile, { method: "POST", body });
    button.closest("li").remove();
  });
  // A form waits for the files that are still on their way.
  document.addEventListener("submit", (e) => {
    const field = $("[data-files]", e.target);
    if (!field || !$(".sending", field)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    const button = e.submitter;
    const again = () => {
      if ($(".sending", field)) return;
      field.removeEventListener("files-settled", again);
      if (!$(".failed", field)) e.target.requestSubmit(button);
    };
    field.addEventListener("files-settled", again);
  }, true);

  // --- drafts of texts -----------------------------------------------------------------------
  const PREFIX = "relais-draft:";
  const box = () => { try { return localStorage; } catch { return null; } };
  const boxes = (from) => [...from.querySelectorAll("textarea[data-draft], input[data-draft]")];
  const put = (field) => {
    const kept = box();
    if (!kept) return;
    try {
      if (field.value.trim()) kept.setItem(PREFIX + field.dataset.draft, JSON.stringify({ text: field.value, at: Date.now() }));
      else kept.removeItem(PREFIX + field.dataset.draft);
    } catch { /* no room: the text stays in the page */ }
  };
  const bring = (field) => {
    if (field.dataset.brought) return;
    field.dataset.brought = "1";
    try {
      const found = JSON.parse(box()?.getItem(PREFIX + field.dataset.draft) || "null");
      if (!found || Date.now() - found.at > 14 * 864e5) return;
      if (field.value.trim()) return;
      field.value = found.text;
      holdStill(field);
      field.dispatchEvent(new CustomEvent("draft-brought", { bubbles: true }));
    } catch { /* nothing that was ours */ }
  };
  document.addEventListener("input", (e) => { if (e.target.dataset?.draft) put(e.target); });
  // Sent: forgotten. A refusal shows the text again, from the server.
  document.addEventListener("submit", (e) => {
    if (e.defaultPrevented) return;
    for (const field of boxes(e.target)) box()?.removeItem(PREFIX + field.dataset.draft);
    if (e.target.matches("[data-sign-out]") || /logout/.test(e.target.action || "")) forget();
  });
  const forget = () => {
    const kept = box();
    if (!kept) return;
    for (const key of Object.keys(kept)) if (key.startsWith(PREFIX)) kept.removeItem(key);
  };
  document.addEventListener("draft-brought", (e) => {
    const note = e.target.closest("form")?.querySelector("[data-draft-note]");
    if (note) note.hidden = false;
  });
  // A page that nobody is signed in on keeps no drafts of anybody.
  if ($("form[action*='/accounts/login']") || location.pathname.startsWith("/accounts/login")) forget();
  boxes(document).forEach(bring);
  document.querySelectorAll("textarea[data-draft]").forEach((field) => { if (field.value.trim() && field.closest("[data-conflict]")) put(field); });
})();
