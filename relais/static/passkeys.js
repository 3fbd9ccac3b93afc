// What allauth's script only writes to the console is said on the page.
document.addEventListener("allauth.error", () => {
  const notice = document.getElementById("passkey-error");
  if (notice) notice.hidden = false;
});
