// Sends what the patient wrote, in order, and keeps it over a reload until the server has it.
// Sending again is safe: the server knows a message by its client_id.

import { ApiError } from "./api";
import type { Receipt, Request } from "./contract";
import { type Key, recall, remember } from "./tab_storage";

/** Pauses before the second and third try, in ms; then the patient decides. */
const PAUSES_MS = [1_000, 3_000];
/** A longer Retry-After than this is told to the patient instead of waited for. */
const LONGEST_RETRY_AFTER_S = 15;

export interface Parcel {
  clientId: string;
  /** What the patient sees as their own words. */
  text: string;
  asked: Request;
}

export interface Courier {
  /** Takes one parcel to the server, opening a session first where there is none. */
  deliver(parcel: Parcel): Promise<Receipt>;
  sending(parcel: Parcel): void;
  /** The first try did not work; more follow. */
  struggling(parcel: Parcel): void;
  delivered(parcel: Parcel, receipt: Receipt): void;
  failed(parcel: Parcel, error: ApiError): void;
}

export class Outbox {
  private readonly waiting: Parcel[] = [];
  private readonly stuck = new Map<string, Parcel>();
  /** Those of the stuck that the server does not want as they are: only the patient sends them again. */
  private readonly refused = new Set<string>();
  private active: Parcel | null = null;

  /** `key` names where the unsent is kept over a reload; null: nowhere. */
  constructor(
    private readonly courier: Courier,
    private readonly key: Key | null = "unsent",
  ) {}

  /** Whether something is not sent. */
  get holds(): boolean {
    return this.active !== null || this.waiting.length > 0 || this.stuck.size > 0;
  }

  /** What an earlier page of this tab could not send. */
  static leftOver(): Parcel[] {
    try {
      return JSON.parse(recall("unsent") ?? "[]") as Parcel[];
    } catch {
      return [];
    }
  }

  add(parcel: Parcel): void {
    this.waiting.push(parcel);
    this.save();
    void this.work();
  }

  retry(clientId: string): void {
    const parcel = this.drop(clientId);
    if (!parcel) return;
    this.courier.sending(parcel);
    this.add(parcel);
  }

  retryAll(): void {
    for (const clientId of [...this.stuck.keys()]) if (!this.refused.has(clientId)) this.retry(clientId);
  }

  /** Forgets a failed parcel and hands it back. */
  drop(clientId: string): Parcel | null {
    const parcel = this.stuck.get(clientId) ?? null;
    this.stuck.delete(clientId);
    this.refused.delete(clientId);
    this.save();
    return parcel;
  }

  /** Quick replies belong to a message of their session; in another session only their words make sense. */
  forgetButtons(): void {
    for (const parcel of [...this.waiting, ...this.stuck.values(), ...(this.active ? [this.active] : [])]) {
      if (parcel.asked !== "person" && "button" in parcel.asked) parcel.asked = { text: parcel.text };
    }
  }

  private async work(): Promise<void> {
    if (this.active) return;
    for (let parcel = this.waiting.shift(); parcel; parcel = this.waiting.shift()) {
      this.active = parcel;
      try {
        this.courier.delivered(parcel, await this.tryToDeliver(parcel));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.stuck.set(parcel.clientId, parcel);
        if (!error.passing) this.refused.add(parcel.clientId);
        this.courier.failed(parcel, error);
      } finally {
        this.active = null;
        this.save();
      }
    }
  }

  private async tryToDeliver(parcel: Parcel): Promise<Receipt> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.courier.deliver(parcel);
      } catch (error) {
        const pause = error instanceof ApiError ? pauseAfter(error, tries) : null;
        if (pause === null) throw error;
        this.courier.struggling(parcel);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  private save(): void {
    if (!this.key) return;
    const unsent = [...(this.active ? [this.active] : []), ...this.stuck.values(), ...this.waiting];
    remember(this.key, unsent.length ? JSON.stringify(unsent) : null);
  }
}

function pauseAfter(error: ApiError, tries: number): number | null {
  const pause = PAUSES_MS[tries];
  if (pause === undefined || !error.passing) return null;
  if (error.retryAfter === null) return pause;
  return error.retryAfter <= LONGEST_RETRY_AFTER_S ? Math.max(pause, error.retryAfter * 1000) : null;
}

/** A random UUID, also on plain http where crypto.randomUUID is missing. */
export function newClientId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
