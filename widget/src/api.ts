// Calls to the Patient API. Every failure is an ApiError; nothing else is thrown.

import type { Conversation, Receipt, Request, Session } from "./contract";

const ANSWER_WITHIN_MS = 10_000;

export class ApiError extends Error {
  /** `status` 0: no answer at all. `retryAfter` is in seconds. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** The same request may work later: no answer, too many requests, or a fault of the server. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get sessionEnded(): boolean {
    return this.status === 401;
  }
}

async function failure(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { error?: unknown; message?: unknown };
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiError(
    response.status,
    typeof body.error === "string" ? body.error : "unknown",
    typeof body.message === "string" ? body.message : "",
    Number.isFinite(wait) ? wait : null,
  );
}

/** One request; the caller's signal (or the time limit) ends it. */
async function request(path: string, init: RequestInit, token?: string): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, { cache: "no-store", credentials: "omit", ...init, headers });
  } catch {
    throw new ApiError(0, "unreachable", "");
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function ask<T>(path: string, read: (response: Response) => Promise<T>, token?: string, body?: unknown): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ANSWER_WITHIN_MS);
  const init: RequestInit = { signal: limit.signal };
  if (body !== undefined) {
    init.method = "POST";
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  try {
    return await read(await request(path, init, token));
  } finally {
    clearTimeout(timer);
  }
}

function answer<T>(path: string, token?: string, body?: unknown): Promise<T> {
  const read = async (response: Response) =>
    (await response.json().catch(() => {
      throw new ApiError(0, "unreadable", "");
    })) as T;
  return ask(path, read, token, body);
}

export function openSession(treatedOn: string | null): Promise<Session> {
  return answer<Session>("sessions", undefined, treatedOn ? { treated_on: treatedOn } : {});
}

export function readConversation(token: string): Promise<Conversation> {
  return answer<Conversation>("conversation", token);
}

/** Everything but photos, which `sendPhotos` takes. */
export type Words = Exclude<Request, { photos: File[] }>;

export function send(token: string, clientId: string, asked: Words): Promise<Receipt> {
  if (asked === "person") return answer<Receipt>("person", token, { client_id: clientId });
  return answer<Receipt>("messages", token, { client_id: clientId, ...asked });
}

/** What has no answer: `leave`, `rating`, `contact`, `typing`, `seen`. */
export function tell(token: string, what: string, body: Record<string, unknown> = {}): Promise<void> {
  return ask(what, async () => undefined, token, body);
}

export function openStream(token: string, after: number, signal: AbortSignal): Promise<Response> {
  const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
  return request(`stream?after=${after}`, { headers, signal }, token);
}
