// Makes the staff pages live. Without it they work as well: forms are sent, and a reload shows what is new.

const SILENCE_MS = 35_000; // three beats of the stream missed
const MOST_RUNG = 300;
const TIERS = ["soon", "urgent", "emergency"];

const main = document.getElementById("content");
const news = document.getElementById("news");
const connection = document.getElementById("connection");
const transcript = document.getElementById("transcript");
const title = document.title.replace(/^\(\d+\) /, "");

// ---- The stream ----

let heardAt = Date.now();
let over = false;

const handlers = { queue: showQueue, alarms: showAlarms, marks: showMarks, message: showMessage, head: showHead, photos: showPhotos, beat() {}, gone };

document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
  heardAt = Date.now();
  if (!over) sayOnce(connection, "");
  const handle = handlers[event.detail.type];
  if (handle?.(event.detail.data) !== "swap" && handle) event.preventDefault();
});
document.body.addEventListener("htmx:sseError", async () => {
  setTimeout(checkConnection, 3000);
  // A stream that is refused gives no reason. Asked for nothing, its address answers 401 to who is logged out.
  const answer = over ? null : await fetch("/staff/stream?shows=nothing").catch(() => null);
  if (answer?.status === 401) gone();
});
setInterval(checkConnection, 5000);

function checkConnection() {
  if (over || Date.now() - heardAt < SILENCE_MS) return;
  sayOnce(connection, "Not connected: what you see may be out of date. It is tried again and again.");
}

function gone() {
  over = true;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Log in again";
  connection.replaceChildren("You were logged out, and nothing new is shown. ", link);
}

function sayOnce(region, text) {
  if (region.textContent !== text) region.textContent = text;
}

// ---- The queue: rows keep their place in the page, so the keyboard's focus stays ----

function showQueue(data) {
  const queue = JSON.parse(data);
  const focused = document.activeElement?.id;
  for (const [group, ids] of Object.entries(queue.groups)) {
    const list = document.querySelector(`[data-group="${group}"]`);
    ids.forEach((id, place) => {
      const row = rowOf(id, queue.rows[id]);
      if (row && list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
    });
    const section = list.closest("section");
    section.querySelector(".empty").hidden = queue.counts[group] > 0;
    const further = queue.counts[group] - ids.length;
    section.querySelector(".more").hidden = further === 0;
    section.querySelector("[data-further]").textContent = further;
    for (const count of document.querySelectorAll(`[data-count="${group}"]`)) count.textContent = queue.counts[group];
  }
  const shown = new Set(Object.values(queue.groups).flat());
  for (const row of document.querySelectorAll("[data-case]")) if (!shown.has(row.dataset.case)) row.remove();
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  sayOnce(document.getElementById("summary"), queue.summary);
  document.title = (queue.counts.waiting ? `(${queue.counts.waiting}) ` : "") + title;
  ring(queue.alarms);
}

function rowOf(id, html) {
  const old = document.getElementById(`row-${id}`);
  if (!html) return old;
  const holder = document.createElement("template");
  holder.innerHTML = html; // our own server's, escaped there
  const row = holder.content.firstElementChild;
  old?.replaceWith(row);
  return row;
}

// ---- Alarms: each waiting emergency or urgent case rings once in this browser ----

function showAlarms(data) {
  const { alarms, waiting } = JSON.parse(data);
  document.title = (waiting ? `(${waiting}) ` : "") + title;
  const count = document.getElementById("waiting-count");
  if (count) {
    count.hidden = !waiting;
    count.textContent = `${waiting} waiting`;
  }
  const here = location.pathname;
  ring(alarms.filter((alarm) => !here.endsWith(alarm.id)));
}

function ring(alarms) {
  if (news.dataset.about && !alarms.some((alarm) => alarm.id === news.dataset.about)) news.replaceChildren();
  const rung = stored("rung", []);
  const fresh = alarms.filter((alarm) => !rung.includes(keyOf(alarm)));
  if (!fresh.length) return;
  store("rung", [...rung, ...fresh.map(keyOf)].slice(-MOST_RUNG));
  const worst = fresh.find((alarm) => alarm.tier === "emergency") ?? fresh[0];
  const text = worst.tier === "emergency" ? "A new emergency is waiting." : "A new urgent conversation is waiting.";
  const link = document.createElement("a");
  link.href = `/staff/cases/${worst.id}`;
  link.textContent = "Open it";
  news.replaceChildren(`${text} `, link);
  news.dataset.about = worst.id;
  if (stored("sound", false)) beep(worst.tier === "emergency" ? 3 : 1);
  if (stored("notify", false) && window.Notification?.permission === "granted") notifyOf(worst, text);
}

function keyOf(alarm) {
  return `${alarm.id} ${alarm.tier}`;
}

/** Says how urgent, never who or what: notifications show on locked screens. */
function notifyOf(alarm, text) {
  const notification = new Notification("Aftercare", { body: text, tag: keyOf(alarm), requireInteraction: alarm.tier === "emergency" });
  notification.onclick = () => {
    window.focus();
    location.href = `/staff/cases/${alarm.id}`;
  };
}

let audio = null;

function beep(times) {
  audio ??= new AudioContext();
  audio.resume();
  for (let time = 0; time < times; time += 1) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + time * 0.35;
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.2, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.3);
  }
}

function stored(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`aftercare.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function store(name, value) {
  try {
    localStorage.setItem(`aftercare.${name}`, JSON.stringify(value));
  } catch {
    news.textContent = "This browser keeps no settings, so they last until you leave the page.";
  }
}

function setUpAlarms() {
  // Browsers play nothing before the page was touched.
  if (stored("sound", false)) document.addEventListener("pointerdown", () => (audio ??= new AudioContext()), { once: true });
  const bar = document.getElementById("alarms");
  if (!bar) return;
  bar.hidden = false;
  const sound = document.getElementById("sound");
  const notify = document.getElementById("notify");
  notify.hidden = !("Notification" in window);
  const show = () => {
    showSwitch(sound, "Sound", stored("sound", false));
    showSwitch(notify, "Notifications", stored("notify", false) && window.Notification?.permission === "granted");
  };
  sound.addEventListener("click", () => {
    store("sound", !stored("sound", false));
    if (stored("sound", false)) beep(1);
    show();
  });
  notify.addEventListener("click", async () => {
    const on = notify.getAttribute("aria-pressed") !== "true";
    if (on && (await Notification.requestPermission()) !== "granted") {
      news.textContent = "Your browser does not allow notifications from this page. Its settings can change that.";
      return;
    }
    store("notify", on);
    show();
  });
  show();
  ring(JSON.parse(bar.dataset.waiting));
}

function showSwitch(button, name, on) {
  button.setAttribute("aria-pressed", String(on));
  button.textContent = `${name} ${on ? "on" : "off"}`;
}

// ---- A conversation ----

function showMessage(data) {
  const holder = document.createElement("template");
  holder.innerHTML = data;
  const fresh = holder.content.firstElementChild;
  const old = document.getElementById(fresh.id);
  if (old) {
    old.replaceWith(fresh);
    return "done";
  }
  const atEnd = transcript.lastElementChild.getBoundingClientRect().top < window.innerHeight;
  if (atEnd) requestAnimationFrame(() => transcript.lastElementChild.scrollIntoView({ block: "nearest" }));
  main.dataset.seq = fresh.dataset.seq;
  tellRead();
  return "swap";
}

/** A case that rises while it is open says so, and rings: who has it may be looking elsewhere. */
function showHead(data) {
  const holder = document.createElement("template");
  holder.innerHTML = data;
  const tier = holder.content.querySelector("[data-tier]").dataset.tier;
  const box = document.querySelector(".reason");
  const before = TIERS.findIndex((name) => box.classList.contains(name));
  if (TIERS[before] !== tier) box.classList.replace(TIERS[before], tier);
  if (TIERS.indexOf(tier) > before) {
    news.textContent = tier === "emergency" ? "This conversation is now an emergency." : "This conversation is now urgent.";
    delete news.dataset.about;
    if (stored("sound", false)) beep(tier === "emergency" ? 3 : 1);
  }
  return "swap";
}

/** Pictures that are shown already stay as they are: nothing is fetched twice. */
function showPhotos(data) {
  const place = document.getElementById("photos");
  const shown = new Map([...place.querySelectorAll("img")].map((picture) => [picture.getAttribute("src"), picture]));
  const scrolled = place.querySelector(".photo-days")?.scrollLeft ?? 0;
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const holder = document.createElement("template");
  holder.innerHTML = data;
  for (const picture of holder.content.querySelectorAll("img")) {
    const kept = shown.get(picture.getAttribute("src"));
    if (!kept) continue;
    kept.alt = picture.alt;
    picture.replaceWith(kept);
  }
  place.replaceChildren(holder.content);
  const days = place.querySelector(".photo-days");
  if (days) days.scrollLeft = scrolled;
  if (focused) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

function showMarks(data) {
  const { delivered, seen } = JSON.parse(data);
  for (const message of transcript.querySelectorAll(".staff")) {
    const seq = Number(message.dataset.seq);
    const text = seq <= seen ? "Seen by the patient" : seq <= delivered ? "Delivered" : "Sent";
    sayOnce(message.querySelector(".delivery"), text);
  }
}

let toldRead = main.dataset.seq;

function tellRead() {
  if (!main.dataset.read || document.hidden || toldRead === main.dataset.seq) return;
  toldRead = main.dataset.seq;
  const body = new URLSearchParams({ csrf: main.dataset.csrf, seq: toldRead });
  fetch(main.dataset.read, { method: "POST", body, keepalive: true }).catch(() => (toldRead = ""));
}

document.addEventListener("visibilitychange", tellRead);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.target.closest?.("form")?.querySelector("button.main, button:not([formaction])")?.click();
});

// What was typed in the last moment is kept as well when the page is left.
let keptDraft = document.getElementById("reply-text")?.value;
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt?.id === "reply-text" && event.detail.successful) keptDraft = event.detail.elt.value;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "reply") keptDraft = document.getElementById("reply-text").value;
});
window.addEventListener("pagehide", () => {
  const box = document.getElementById("reply-text");
  if (!box || box.value === keptDraft) return;
  navigator.sendBeacon(box.getAttribute("hx-post"), new URLSearchParams({ csrf: main.dataset.csrf, text: box.value }));
});

const log = document.getElementById("log");
if (log && !location.hash) log.scrollTop = log.scrollHeight;

const tools = document.getElementById("tools");
if (tools && matchMedia("(min-width: 60rem)").matches) tools.open = true;

setUpAlarms();
