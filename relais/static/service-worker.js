// Without a connection: the form of a new request opens, everything else says that it waits.
const LOOKS = "relais-looks", PAGES = "relais-pages", OFFLINE = "/offline/";
const FORMS = /^\/requests\/new\/([\w-]+\/)?$/;

self.addEventListener("install", (e) => {
  e.waitUntil(caches.open(LOOKS).then((cache) => cache.add(new Request(OFFLINE, { cache: "reload" }))).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));

const kept = async (name, request, answer) => {
  if (answer.ok && answer.type === "basic" && !answer.redirected) (await caches.open(name)).put(request, answer.clone());
  return answer;
};
const page = async (request, path) => {
  try {
    const answer = await fetch(request);
    return FORMS.test(path) ? kept(PAGES, request, answer) : answer;
  } catch (fault) {
    return (FORMS.test(path) && await caches.match(request, { cacheName: PAGES }))
      || await caches.match(OFFLINE, { cacheName: LOOKS }) || Promise.reject(fault);
  }
};
const look = async (request) => {
  try { return await kept(LOOKS, request, await fetch(request)); }
  catch (fault) { return await caches.match(request, { cacheName: LOOKS }) || Promise.reject(fault); }
};
self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== "GET" || url.origin !== location.origin) return;
  if (e.request.mode === "navigate") e.respondWith(page(e.request, url.pathname));
  else if (url.pathname.startsWith("/static/") || url.pathname === "/app.webmanifest") e.respondWith(look(e.request));
});
