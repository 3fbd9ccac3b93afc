// What is answered by a link outlives a bad connection: drafts and activities wait on the phone.
(() => {
  const store = (() => { try { return localStorage; } catch { return null; } })();
  const read = (key) => { try { return JSON.parse(store?.getItem(key) || "null"); } catch { return null; } };
  const write = (key, value) => { try { store?.setItem(key, JSON.stringify(value)); return !!store; } catch { return false; } };
  const drop = (key) => store?.removeItem(key);

  // --- an interview: each pause of the typing is kept ------------------------------------------
  const form = document.querySelector("form[data-draft]");
  if (form) {
    const key = "relais-interview:" + form.dataset.key;
    const note = form.querySelector("[data-kept]");
    const kept = read(key); // there only while the server does not have it
    if (kept) {
      for (const [name, value] of kept) {
        const field = form.elements[name];
        if (field && field.type !== "hidden") field.value = value;
      }
    }
    let timer = null, busy = false, again = false;
    const typed = () => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    const save = async () => {
      clearTimeout(timer);
      if (busy) { again = true; return; }
      busy = true;
      write(key, typed());
      try {
        const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), redirect: "manual" });
        if (answer.ok) { if (!again) drop(key); note.textContent = note.dataset.yes; }
        else if (answer.status === 409) { drop(key); location.reload(); }
        else throw answer;
      } catch { note.textContent = note.dataset.no; timer = setTimeout(save, 15000); }
      busy = false;
      if (again) { again = false; save(); }
    };
    form.addEventListener("input", () => { write(key, typed()); clearTimeout(timer); timer = setTimeout(save, 900); });
    form.addEventListener("submit", () => { clearTimeout(timer); });
    addEventListener("online", save);
    document.addEventListener("visibilitychange", () => { if (document.hidden && read(key)) save(); });
    if (kept) save();
  }
  const sent = document.querySelector("[data-sent]");
  if (sent) drop("relais-interview:" + sent.dataset.sent); // the server has everything

  // --- an activity log: a touch is never lost, nor counted twice --------------------------------
  const log = document.querySelector("form[data-log]");
  if (!log) return;
  const key = "relais-log:" + log.dataset.log;
  const note = log.querySelector("[data-waiting]");
  const waiting = () => read(key) || [];
  const draw = () => {
    const count = waiting().length;
    note.hidden = !count;
    note.textContent = count ? `${note.dataset.text} ${count}` : "";
  };
  const token = () => globalThis.crypto?.randomUUID?.() || `${Date.now()}-${Math.random()}`.slice(0, 40);
  const post = async (fields) => {
    const body = new FormData();
    for (const [name, value] of fields) body.append(name, value);
    body.set("csrfmiddlewaretoken", log.querySelector("[name=csrfmiddlewaretoken]").value);
    return fetch(location.pathname, { method: "POST", body, redirect: "manual", headers: { "X-Outbox": "1" } });
  };
  let busy = false;
  const flush = async () => {
    if (busy || !waiting().length) return;
    busy = true;
    let sent = false;
    try {
      while (waiting().length) {
        const [first] = waiting();
        const answer = await post(first);
        if (answer.status >= 500 || answer.status === 429 || answer.status === 403) break;
        // Kept, or refused for good: what is refused is said, and lost by nobody's silence.
        if (answer.status === 422) alert((await answer.json()).detail);
        write(key, waiting().slice(1));
        sent = true;
      }
    } catch { /* no connection: later */ }
    busy = false;
    draw();
    if (sent && !waiting().length) location.reload();
  };
  log.addEventListener("submit", (e) => {
    const button = e.submitter;
    if (!button || button.name !== "category") return;
    const fields = [...new FormData(log)].filter(([name]) => name !== "csrfmiddlewaretoken");
    if (fields.some(([name, value]) => name === "minutes" && value === "clock")) return; // the clock is the server's
    e.preventDefault();
    fields.push(["category", button.value], ["token", token()]);
    if (!write(key, [...waiting(), fields])) { const hidden = document.createElement("input"); hidden.type = "hidden"; hidden.name = "category"; hidden.value = button.value; log.append(hidden); log.submit(); return; }
    draw();
    flush();
  });
  addEventListener("online", flush);
  setInterval(flush, 20000);
  draw();
  flush();
})();
