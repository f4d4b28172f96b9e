// What is shown, in order, each thing once. Knows no DOM and no network.

import type { Message, Photo, Role } from "./contract";

export type Delivery = "sending" | "sent" | "failed";

export interface Entry extends Omit<Message, "seq"> {
  /** Names the entry for as long as the page lives; the view keeps its element under it. */
  readonly key: number;
  /** Sequence numbers start again with every session, so order needs the session's number too. */
  readonly session: number;
  seq: number | null;
  /** Whether the server's own copy has come (a receipt alone gives only the number). */
  confirmed: boolean;
  delivery: Delivery | null;
  /** Whether the same message may be sent again as it is. */
  again: boolean;
  /** How much of its photos is sent, from 0 to 1. */
  progress: number | null;
}

export class Transcript {
  private readonly entries: Entry[] = [];
  private session = 0;
  private nextKey = 0;

  /** All entries: sessions one after the other, by sequence number, the unsent last in the order they were written. */
  get all(): readonly Entry[] {
    return this.entries;
  }

  /** The highest sequence number the server has given us in this session: where a stream goes on. */
  get cursor(): number {
    return this.current.reduce((highest, entry) => (entry.confirmed ? Math.max(highest, entry.seq ?? 0) : highest), 0);
  }

  /** The number of the last message that staff wrote in this session; 0 where none. */
  get lastOfStaff(): number {
    return this.current.reduce((last, { role, seq }) => (role === "staff" ? Math.max(last, seq ?? 0) : last), 0);
  }

  /** Takes a message of the server; null if it is here already. */
  accept(message: Message): Entry | null {
    const known = this.current.find(
      (entry) => entry.seq === message.seq || (message.client_id !== null && entry.client_id === message.client_id),
    );
    if (known?.confirmed) return null;
    if (!known) return this.add(message, { confirmed: true, delivery: null });
    const { seq, ...shown } = message;
    Object.assign(known, shown, { seq, confirmed: true, delivery: "sent" });
    this.sort();
    return known;
  }

  /** Shows what the patient just sent, before the server has it. */
  queue(clientId: string, text: string, kind = "text", photos: Photo[] = []): Entry {
    const message = { ...own("patient", "", text, kind, clientId), photos };
    return this.add(message, { confirmed: false, delivery: "sending" });
  }

  /** So much of a message's photos is sent. */
  uploaded(clientId: string, progress: number): Entry | null {
    return this.change(clientId, { progress });
  }

  /** A line of our own, such as "Your last chat has ended". */
  note(text: string): Entry {
    return this.add(own("system", "", text, "note", null), { confirmed: false, delivery: null });
  }

  /** The server has the message under `seq`. */
  receipt(clientId: string, seq: number): Entry | null {
    const entry = this.own(clientId);
    if (!entry || entry.confirmed) return entry;
    const twin = this.current.find((other) => other !== entry && other.seq === seq);
    if (twin) {
      this.entries.splice(this.entries.indexOf(entry), 1);
      twin.client_id = clientId;
      twin.delivery = "sent";
      return entry;
    }
    Object.assign(entry, { seq, delivery: "sent" });
    this.sort();
    return entry;
  }

  sending(clientId: string): Entry | null {
    return this.change(clientId, { delivery: "sending", progress: null });
  }

  failed(clientId: string, again: boolean): Entry | null {
    return this.change(clientId, { delivery: "failed", again });
  }

  /** Takes back a message that was never accepted. */
  withdraw(clientId: string): Entry | null {
    const entry = this.own(clientId);
    if (!entry || entry.seq !== null) return null;
    this.entries.splice(this.entries.indexOf(entry), 1);
    return entry;
  }

  /** A new session: what is shown stays; what was never sent moves on with the patient. */
  startSession(): void {
    const unsent = this.current.filter((entry) => entry.role === "patient" && entry.seq === null);
    this.session += 1;
    for (const entry of unsent) Object.assign(entry, { session: this.session });
    this.sort();
  }

  /** The message whose quick replies are open: the assistant's newest with buttons, if nobody has spoken since. */
  get offering(): Entry | null {
    for (const entry of [...this.current].reverse()) {
      if (entry.role === "patient" || entry.role === "staff") return null;
      if (entry.role === "assistant" && entry.buttons.length > 0) return entry;
    }
    return null;
  }

  private get current(): Entry[] {
    return this.entries.filter((entry) => entry.session === this.session);
  }

  private own(clientId: string): Entry | null {
    return this.current.find((entry) => entry.client_id === clientId) ?? null;
  }

  private add(message: Omit<Message, "seq"> & { seq?: number }, state: Pick<Entry, "confirmed" | "delivery">): Entry {
    const place = { key: this.nextKey++, session: this.session };
    const entry: Entry = { ...message, seq: message.seq ?? null, again: true, progress: null, ...state, ...place };
    this.entries.push(entry);
    this.sort();
    return entry;
  }

  private change(clientId: string, change: Partial<Entry>): Entry | null {
    const entry = this.own(clientId);
    return entry && !entry.confirmed ? Object.assign(entry, change) : null;
  }

  private sort(): void {
    const place = (entry: Entry) => entry.seq ?? Number.MAX_SAFE_INTEGER;
    this.entries.sort((a, b) => a.session - b.session || place(a) - place(b) || a.key - b.key);
  }
}

function own(role: Role, name: string, text: string, kind: string, clientId: string | null): Omit<Message, "seq"> {
  const created_at = new Date().toISOString();
  return { role, name, kind, text, buttons: [], sources: [], timeline: null, client_id: clientId, created_at, photos: [] };
}
