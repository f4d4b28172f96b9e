// The two-way link with loader.js on the clinic's page. It carries no patient data: opened, ready, close, news.

/** Undefined until the loader has spoken: before that nobody knows which site holds the frame. */
let clinicOrigin: string | undefined;

export const inFrame = window.parent !== window;

/** How long after "ready" the loader may take to give the frame the focus, in ms. */
const FOCUS_WITHIN_MS = 1_000;

/** `settle` puts the focus where it belongs in the chat; it runs again when the frame itself has got it. */
export function onOpened(settle: () => void): void {
  window.addEventListener("message", (event) => {
    if (!inFrame || event.source !== window.parent || event.data !== "opened") return;
    clinicOrigin = event.origin;
    window.addEventListener("focus", settle);
    setTimeout(() => window.removeEventListener("focus", settle), FOCUS_WITHIN_MS);
    settle();
    tellLoader("ready");
  });
}

export function tellLoader(word: "ready" | "close" | "news"): void {
  if (clinicOrigin === undefined || clinicOrigin === "null") return;
  window.parent.postMessage(word, clinicOrigin);
}
