// The scrolling list of messages. It never moves the reader: it follows only somebody who is at the end.

import type { Clinic } from "./contract";
import { ICONS, button, element, icon } from "./dom";
import { type MessageActions, fingerprint, messageItem } from "./message_view";
import type { Entry, Transcript } from "./transcript";
import { LOG } from "./wording";

/** So near to the end counts as being there, in CSS pixels. */
const NEAR_PX = 56;
/** Messages of one speaker within this time stand under one name. */
const CONTINUED_MS = 5 * 60_000;

export class LogView {
  readonly root: HTMLElement;
  private readonly log: HTMLElement;
  private readonly list = element("ol", { role: "list" });
  private readonly more: HTMLButtonElement;
  private readonly items = new Map<number, { item: HTMLLIElement; fingerprint: string }>();
  private following = true;
  private height = 0;

  constructor(private readonly actions: MessageActions) {
    this.log = element("div", {
      class: "log",
      role: "log",
      "aria-label": LOG.label,
      "aria-relevant": "additions",
      tabindex: "0",
    });
    this.log.append(this.list);
    this.more = button(LOG.newMessages, "more", () => {
      this.toEnd();
      this.log.focus({ preventScroll: true });
    });
    this.more.prepend(icon(ICONS.down));
    this.more.hidden = true;
    this.root = element("div", { class: "messages" }, this.log, this.more);
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(this.log);
  }

  /** Puts something above the messages (the first screen). */
  precede(content: HTMLElement): void {
    this.log.prepend(content);
  }

  focus(): void {
    this.log.focus({ preventScroll: true });
  }

  /** Brings the list to what the transcript says. `quietly`: history, which must not be read out. */
  show(transcript: Transcript, clinic: Clinic, quietly = false): void {
    if (quietly) this.log.setAttribute("aria-live", "off");
    const fresh = this.sync(transcript.all, transcript.offering, clinic);
    const own = fresh.some(({ entry }) => entry.role === "patient" && !entry.confirmed);
    // What comes before the patient's last words (the welcome of a new session) must not push them out of view.
    const last = transcript.all[transcript.all.length - 1];
    if (quietly || own || (this.following && last?.role === "patient")) this.toEnd();
    else if (this.following) this.follow(fresh[0]?.item);
    else if (fresh.some(({ entry }) => entry.role !== "patient")) this.more.hidden = false;
    if (quietly) setTimeout(() => this.log.removeAttribute("aria-live"), 500);
  }

  toEnd(): void {
    if (this.items.size === 0) return; // The first screen is read from its beginning.
    this.log.scrollTop = this.log.scrollHeight;
    this.following = true;
    this.more.hidden = true;
  }

  private sync(entries: readonly Entry[], offering: Entry | null, clinic: Clinic) {
    const fresh: { entry: Entry; item: HTMLLIElement }[] = [];
    const gone = new Set(this.items.keys());
    let previous: Entry | null = null;
    let place: ChildNode | null = this.list.firstChild;
    for (const entry of entries) {
      gone.delete(entry.key);
      const showing = { clinic, continued: continues(previous, entry), offering: entry === offering };
      const print = fingerprint(entry, showing);
      const shown = this.items.get(entry.key);
      let item = shown?.item;
      if (!shown || !item) {
        item = messageItem(entry, showing, this.actions);
        this.items.set(entry.key, { item, fingerprint: print });
        fresh.push({ entry, item });
      } else if (shown.fingerprint !== print) {
        const open = item.querySelector("details")?.open ?? false;
        const next = messageItem(entry, showing, this.actions);
        const details = next.querySelector("details");
        if (details) details.open = open;
        // The item itself stays, so that a live region does not take it for a new message.
        item.className = next.className;
        this.replaceParts(item, next);
        shown.fingerprint = print;
      }
      if (item !== place) this.list.insertBefore(item, place);
      else place = place.nextSibling;
      previous = entry;
    }
    for (const key of gone) {
      this.items.get(key)?.item.remove();
      this.items.delete(key);
    }
    return fresh;
  }

  /** Replaces only the parts that differ: focus and selection in the others stay. */
  private replaceParts(item: HTMLElement, next: HTMLElement): void {
    const wanted = [...next.children];
    wanted.forEach((part, index) => {
      const present = item.children[index];
      if (!present) item.append(part);
      else if (!present.isEqualNode(part)) present.replaceWith(part);
    });
    while (item.children.length > wanted.length) item.lastElementChild?.remove();
  }

  private get nearEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight <= NEAR_PX;
  }

  private scrolled(): void {
    // The list itself just grew or shrank, the reader did nothing: resized() follows.
    if (this.log.clientHeight !== this.height) return;
    this.following = this.nearEnd;
    if (this.following) this.more.hidden = true;
  }

  /** The keyboard came or went: who was at the end stays there. */
  private resized(): void {
    if (this.following && this.log.clientHeight !== this.height) this.toEnd();
    this.height = this.log.clientHeight;
  }

  /** Shows the end, but never scrolls past the beginning of a long new message. */
  private follow(first: HTMLElement | undefined): void {
    const end = this.log.scrollHeight - this.log.clientHeight;
    const start = first ? first.offsetTop - 12 : end;
    this.log.scrollTop = Math.min(end, Math.max(start, this.log.scrollTop));
    this.following = this.nearEnd;
  }
}

function continues(previous: Entry | null, entry: Entry): boolean {
  if (!previous || previous.role !== entry.role || previous.name !== entry.name) return false;
  if (previous.session !== entry.session || previous.role === "system") return false;
  const pause = Date.parse(entry.created_at) - Date.parse(previous.created_at);
  return Math.abs(pause) < CONTINUED_MS;
}
