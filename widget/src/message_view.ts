// One message as a list item.

import type { Clinic } from "./contract";
import { ICONS, button, element, icon } from "./dom";
import { type Addresses, photoList } from "./photo_view";
import { blocks, render } from "./plain_text";
import { tellsSame, timelineFigure } from "./timeline_view";
import type { Entry } from "./transcript";
import { LOG, NAMES, PHOTO, SEND, TROUBLE } from "./wording";

export interface MessageActions {
  again(clientId: string): void;
  edit(clientId: string): void;
  reply(entry: Entry, index: number): void;
  photo: Addresses;
}

export interface Showing {
  clinic: Clinic;
  /** The same speaker went on: the name need not be seen again. */
  continued: boolean;
  /** Its quick replies are open. */
  offering: boolean;
}

/** Everything the item's look depends on; it is made anew only when this changes. */
export function fingerprint(entry: Entry, { clinic, continued, offering }: Showing): string {
  const { key, session, seq, confirmed, ...shown } = entry;
  return JSON.stringify([shown, clinic, continued, offering]);
}

export function speaker(entry: Entry, clinic: Clinic): string {
  if (entry.role === "patient") return NAMES.patient;
  if (entry.role === "system") return NAMES.system;
  return entry.name || (entry.role === "assistant" ? clinic.assistant_name : clinic.name);
}

/** The time of day; with the date when it is not today. */
export function clock(iso: string, now = new Date()): string {
  const when = new Date(iso);
  if (Number.isNaN(when.getTime())) return "";
  const time = when.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  if (when.toDateString() === now.toDateString()) return time;
  return `${when.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

const LABELS: Record<string, { text: string; icon: string }> = {
  emergency: { text: LOG.emergency, icon: ICONS.warning },
  urgent: { text: LOG.urgent, icon: ICONS.clock },
};

export function messageItem(entry: Entry, showing: Showing, actions: MessageActions): HTMLLIElement {
  const grave = entry.role === "patient" ? undefined : LABELS[entry.kind];
  const classes = ["message", entry.role, grave ? entry.kind : "", showing.continued ? "continued" : ""];
  const item = element("li", { class: classes.filter(Boolean).join(" ") });
  item.append(meta(entry, showing));
  const { clinic } = showing;
  const known = entry.role === "patient" ? null : [clinic.phone, clinic.emergency_number, clinic.urgent_line];
  item.append(
    element(
      "div",
      { class: entry.timeline ? "bubble pictured" : "bubble" },
      grave ? element("p", { class: "grave" }, icon(grave.icon), grave.text) : null,
      photoList(entry.photos, actions.photo),
      element("div", { class: "text", dir: "auto" }, ...words(entry, known)),
      sources(entry),
    ),
  );
  if (entry.delivery) item.append(delivery(entry, actions));
  if (showing.offering) item.append(replies(entry, actions));
  return item;
}

function meta(entry: Entry, { clinic, continued }: Showing): HTMLElement {
  const hidden = continued || entry.role === "system" ? " unseen" : "";
  return element(
    "p",
    { class: `meta${hidden}` },
    element("span", { class: "name" }, speaker(entry, clinic)),
    " ",
    element("time", { datetime: entry.created_at }, clock(entry.created_at)),
  );
}

/** A timeline takes the place of the list that tells the same; where there is no such list it comes last. */
function words({ text, timeline }: Entry, known: readonly string[] | null): HTMLElement[] {
  const all = blocks(text);
  if (!timeline) return render(all, known);
  const told = all.findIndex((block) => "list" in block && tellsSame(block.list, timeline));
  const [before, after] = told < 0 ? [all, []] : [all.slice(0, told), all.slice(told + 1)];
  return [...render(before, known), timelineFigure(timeline), ...render(after, known)];
}

function sources({ sources: all }: Entry): HTMLElement | null {
  const titles = [...new Set(all.map(({ id, title }) => title || id))];
  if (titles.length === 0) return null;
  const list = element("ul", {}, ...titles.map((title) => element("li", {}, title)));
  return element("details", { class: "sources" }, element("summary", {}, LOG.sources(titles.length)), list);
}

/** Silent for screen readers when it changes: the status and alert regions speak. */
function delivery(entry: Entry, actions: MessageActions): HTMLElement {
  const line = element("div", { class: `delivery ${entry.delivery}`, "aria-live": "off" });
  if (entry.delivery !== "failed") {
    line.append(entry.delivery === "sent" ? SEND.sent : sending(entry));
    return line;
  }
  const clientId = entry.client_id ?? "";
  line.append(icon(ICONS.warning), element("span", {}, TROUBLE.notSent));
  line.append(
    entry.again
      ? button(SEND.again, "small", () => actions.again(clientId))
      : button(SEND.edit, "small", () => actions.edit(clientId)),
  );
  return line;
}

function sending({ progress }: Entry): string {
  if (progress === null) return SEND.sending;
  return progress < 1 ? PHOTO.sending(Math.round(progress * 100)) : PHOTO.checking;
}

function replies(entry: Entry, actions: MessageActions): HTMLElement {
  return element(
    "div",
    { class: "replies", role: "group", "aria-label": LOG.replies },
    ...entry.buttons.map(({ title }, index) => button(title, "reply", () => actions.reply(entry, index))),
  );
}
