// For the clinic's own page: a button that opens /chat in a dialog. Under 2 KB, no cookie, no inline style.
// <script src="https://HOST/static/loader.js" defer data-phone="020 7946 0000" data-label="Ask about aftercare"></script>

import css from "./loader.css";

const script = document.currentScript as HTMLScriptElement;
const { origin } = new URL(script.src);
const { label = "Aftercare chat", phone = "the clinic" } = script.dataset;
const make = <K extends keyof HTMLElementTagNameMap>(tag: K, properties: Partial<HTMLElementTagNameMap[K]> = {}) =>
  Object.assign(document.createElement(tag), properties);

const host = make("div");
const root = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
root.adoptedStyleSheets = [sheet];

const launcher = make("button", { textContent: label, ariaHasPopup: "dialog" });
const dialog = make("dialog", { ariaLabel: label });
const close = make("button", { textContent: "×", ariaLabel: "Close chat" });
const frame = make("iframe", { title: label });
// The sentence stands behind the frame, and is seen when the chat does not load.
const waiting = make("p", { textContent: `Opening the chat. If it fails, call ${phone}.` });
dialog.append(waiting, frame, close);
root.append(launcher, dialog);
document.body.append(host);

const tellFrame = () => frame.contentWindow!.postMessage("opened", origin);
launcher.onclick = () => {
  launcher.hidden = true;
  launcher.textContent = label;
  // On a phone the dialog fills the screen and nothing behind it may be reached; beside a desktop page that stays usable.
  if (innerWidth < 641 || innerHeight < 561) dialog.showModal();
  else dialog.show();
  if (frame.src) tellFrame();
  else frame.src = `${origin}/chat`;
};
frame.onload = tellFrame;
close.onclick = () => dialog.close();
dialog.onclose = () => {
  launcher.hidden = false;
  launcher.focus();
};
dialog.onkeydown = ({ key }) => key === "Escape" && dialog.close();
addEventListener("message", ({ origin: from, source, data }) => {
  if (from !== origin || source !== frame.contentWindow) return;
  if (data === "ready") {
    frame.style.opacity = "1";
    frame.focus();
  }
  if (data === "close") dialog.close();
  if (data === "news" && !dialog.open) launcher.textContent = `${label}: new message`;
});
// iOS lays the keyboard over the page: the dialog follows what can still be seen.
const view = visualViewport!;
view.onresize = view.onscroll = () => {
  if (view.scale <= 1) dialog.style.cssText = `--h:${view.height}px;--t:${view.offsetTop}px`;
};
