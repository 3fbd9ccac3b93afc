// Requests outlive a bad connection: what is typed is kept, what is sent waits in an outbox.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const me = document.body.dataset.person || "";
  const DRAFT = "relais-request:", OUTBOX = "relais-outbox:";
  const DAYS = 14 * 864e5;
  const store = (() => { try { return localStorage; } catch { return null; } })();
  const read = (key) => { try { return JSON.parse(store?.getItem(key) || "null"); } catch { return null; } };
  const write = (key, value) => { try { store?.setItem(key, JSON.stringify(value)); return !!store; } catch { return false; } };
  const waiting = () => (read(OUTBOX + me) || []).filter((one) => Date.now() - one.at < DAYS);
  const keep = (list) => { list.length ? write(OUTBOX + me, list) : store?.removeItem(OUTBOX + me); draw(); };
  const csrf = () => $("[name=csrfmiddlewaretoken]")?.value || "";

  // --- what is typed ---------------------------------------------------------------------------
  const PASSING = new Set(["csrfmiddlewaretoken", "token"]);
  const typed = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !PASSING.has(name));
  const draftOf = (form) => DRAFT + me + ":" + form.dataset.outbox;
  const form = $("form[data-outbox]");
  if (form && me) {
    const kept = read(draftOf(form));
    const fresh = form.dataset.fresh === "1"; // not the form that the server sent back with its faults
    if (kept && fresh && Date.now() - kept.at < DAYS) {
      let brought = false;
      for (const [name, value] of kept.fields) {
        const field = form.elements[name];
        if (!field || field.type === "hidden" || field.type === "file" || value === "") continue;
        if (field.type === "checkbox" || field instanceof RadioNodeList) {
          for (const one of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) if (one.value === value) one.checked = true;
        } else field.value = value;
        brought = true;
      }
      const note = $("[data-kept-note]");
      if (note && brought) note.hidden = false;
    }
    const save = () => write(draftOf(form), { fields: typed(form), at: Date.now() });
    form.addEventListener("input", save);
    form.addEventListener("change", save);
    $("[data-forget-draft]")?.addEventListener("click", () => { store?.removeItem(draftOf(form)); form.reset(); $("[data-kept-note]").hidden = true; });
  }

  // --- sending ---------------------------------------------------------------------------------
  const SENT = "sent", REFUSED = "refused", AWAY = "away", SIGNED_OUT = "signed out";
  const post = async (url, fields) => {
    const body = new FormData();
    for (const [name, value] of fields) body.append(name, value);
    body.set("csrfmiddlewaretoken", csrf());
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body, redirect: "manual", headers: { "X-Outbox": "1" } });
    } catch { return [AWAY]; }
    if (answer.status === 201) return [SENT, await answer.json()];
    if (answer.type === "opaqueredirect" || answer.status === 403) return [SIGNED_OUT];
    return [answer.status >= 500 ? AWAY : REFUSED];
  };
  document.addEventListener("submit", async (e) => {
    const sent = e.target;
    if (!sent.matches?.("form[data-outbox]") || !me || $(".sending", sent)) return;
    e.preventDefault();
    if (sent.dataset.sending) return;
    sent.dataset.sending = "1";
    const button = $("button.btn-primary", sent);
    button?.setAttribute("aria-busy", "true");
    const fields = [...new FormData(sent)].filter(([, value]) => typeof value === "string");
    const [how, told] = await post(sent.action || location.href, fields);
    delete sent.dataset.sending;
    button?.removeAttribute("aria-busy");
    if (how === SENT) { store?.removeItem(draftOf(sent)); location.href = told.url; return; }
    if (how !== AWAY) { sent.submit(); return; } // the server answers: it says what is to be mended
    const title = fields.find(([name]) => name === "subject")?.[1] || "";
    keep([...waiting(), { url: new URL(sent.action || location.href).pathname, fields, title, at: Date.now() }]);
    store?.removeItem(draftOf(sent));
    location.href = "/requests/new/";
  }, true);

  let busy = false;
  const flush = async () => {
    if (busy || !me || !csrf() || !waiting().length) return;
    busy = true;
    let sent = null;
    for (const one of waiting()) {
      const [how, told] = await post(one.url, one.fields); // sent twice it is one request: it carries its token
      if (how === AWAY || how === SIGNED_OUT) break;
      const left = waiting().filter((other) => other.at !== one.at);
      if (how === REFUSED) {
        // Nothing is lost: it becomes a draft again, where the form says what is to be mended.
        write(DRAFT + me + ":" + one.url, { fields: one.fields, at: Date.now() });
        keep(left.concat([]));
        location.href = one.url;
        return;
      }
      keep(left);
      sent = told;
    }
    busy = false;
    if (sent) { const note = $("#outbox-sent"); if (note) { note.hidden = false; $("a", note).href = sent.url; } }
  };
  const draw = () => {
    const place = $("#outbox");
    if (!place) return;
    const list = waiting();
    place.hidden = !list.length;
    $("ul", place).replaceChildren(...list.map((one) => {
      const line = $("template", place).content.firstElementChild.cloneNode(true);
      $("[data-title]", line).textContent = one.title;
      $("button", line).addEventListener("click", () => keep(waiting().filter((other) => other.at !== one.at)));
      return line;
    }));
  };
  $("[data-outbox-send]")?.addEventListener("click", flush);
  addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
  setInterval(flush, 30000);
  draw();
  flush();

  // --- signing out leaves nothing here ------------------------------------------------------------
  const forget = () => {
    for (const key of Object.keys(store || {})) if (key.startsWith(DRAFT) || key.startsWith(OUTBOX)) store.removeItem(key);
    globalThis.caches?.delete("relais-pages");
  };
  document.addEventListener("submit", (e) => {
    if (!/\/accounts\/logout\//.test(e.target.action || "")) return;
    const text = $("#outbox")?.dataset.leaving;
    if (waiting().length && text && !confirm(text)) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    forget();
  }, true);

  // --- installed as an app ------------------------------------------------------------------------
  if (me && navigator.serviceWorker && isSecureContext) navigator.serviceWorker.register("/service-worker.js").catch(() => {});
  let offer = null;
  addEventListener("beforeinstallprompt", (e) => {
    e.preventDefault();
    offer = e;
    document.querySelectorAll("[data-install]").forEach((button) => { button.hidden = false; });
  });
  document.addEventListener("click", (e) => { if (e.target.closest("[data-install]")) offer?.prompt(); });
})();
