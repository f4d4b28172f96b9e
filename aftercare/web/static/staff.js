// Keeps the list of open cases up to date. Without this script the page still works: reload it.

const EVERY_MS = 5000;

const list = document.getElementById("cases");
const news = document.getElementById("news");
const pause = document.getElementById("pause");
let shown = null;
let paused = false;

function summaryOf(part) {
  return part.querySelector(".summary")?.textContent ?? "";
}

/** Put the new list in place. The keyboard stays on the case where it was. */
function show(html) {
  const part = document.createElement("div");
  part.innerHTML = html; // our own page, escaped by the server
  const focused = list.contains(document.activeElement) ? document.activeElement.id : "";
  if (summaryOf(part) !== summaryOf(list)) news.textContent = `The list changed: ${summaryOf(part)}`;
  list.replaceChildren(...part.childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

function say(text, href, label) {
  const alert = document.createElement("p");
  alert.className = "refusal";
  alert.setAttribute("role", "alert");
  alert.append(`${text} `);
  const link = document.createElement("a");
  link.href = href;
  link.textContent = label;
  alert.append(link);
  list.replaceChildren(alert);
}

async function refresh() {
  if (paused || document.hidden) return true;
  let response;
  try {
    response = await fetch("/staff/list", { cache: "no-store" });
  } catch {
    news.textContent = "The list cannot be updated right now. It may be out of date.";
    return true;
  }
  if (response.status === 401) {
    say("You were logged out, and new cases are not shown.", "/staff/login", "Log in again");
    return false;
  }
  if (!response.ok) {
    news.textContent = "The list cannot be updated right now. It may be out of date.";
    return true;
  }
  const html = await response.text();
  if (html !== shown) show(html);
  shown = html;
  if (news.textContent.startsWith("The list cannot")) news.textContent = "The list is up to date again.";
  return true;
}

async function keepFresh() {
  let goOn = true;
  while (goOn) {
    await new Promise((resume) => setTimeout(resume, EVERY_MS));
    goOn = await refresh();
  }
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  news.textContent = paused ? "Updates are paused." : "Updates are on.";
});
document.addEventListener("visibilitychange", refresh);
keepFresh();
