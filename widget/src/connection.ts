// Keeps one conversation up to date: a stream, and polling where a stream does not come through.

import { ApiError, openStream, readConversation } from "./api";
import type { Conversation, Message, State } from "./contract";
import { type StreamEvent, readEvents } from "./event_stream";

const ANSWER_WITHIN_MS = 10_000;
/** The server sends a comment every 15 s; two missed ones and the stream is taken for dead. */
const SILENCE_MS = 40_000;
/** A sent message that has not come back by now is fetched. */
const ECHO_WITHIN_MS = 4_000;
const POLL_EVERY_MS = 3_000;
const LONGEST_WAIT_MS = 30_000;
/** So many streams in a row that brought nothing: poll, and try a stream only every tenth time. */
const STREAMS_BEFORE_POLLING = 3;

export type Link = "live" | "reconnecting" | "unreachable";

export interface Listener {
  message(message: Message): void;
  state(state: State): void;
  conversation(conversation: Conversation): void;
  link(link: Link): void;
  ended(): void;
}

export class Connection {
  private stopped = false;
  private stream: AbortController | null = null;
  private cutWaitShort: (() => void) | null = null;
  private echoTimer = 0;

  /** `cursor` tells the highest sequence number that has been shown. */
  constructor(
    private readonly token: string,
    private readonly cursor: () => number,
    private readonly listener: Listener,
  ) {}

  async run(): Promise<void> {
    let barren = 0;
    let unanswered = 0;
    while (!this.stopped) {
      try {
        if (barren < STREAMS_BEFORE_POLLING || barren % 10 === 0) {
          await this.follow(() => {
            barren = 0;
            unanswered = 0;
            this.tell("live");
          });
        }
        barren += 1;
        await this.poll();
        unanswered = 0;
        this.tell("live");
      } catch (error) {
        if (this.stopped) return;
        if (error instanceof ApiError && error.sessionEnded) {
          this.stop();
          this.listener.ended();
          return;
        }
        unanswered += 1;
        this.tell(unanswered < 3 ? "reconnecting" : "unreachable");
      }
      const wait = unanswered ? Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (unanswered - 1)) : POLL_EVERY_MS;
      // A stream that had worked is opened again at once after the poll; jitter keeps a crowd from coming in step.
      if (unanswered || barren > 1) await this.wait(wait * (0.75 + Math.random() / 2));
      else await this.wait(200 + Math.random() * 800);
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.echoTimer);
    this.stream?.abort();
    this.cutWaitShort?.();
  }

  /** The phone woke up or the network came back: do not wait for the backoff, do not trust an old stream. */
  wake(): void {
    this.stream?.abort();
    this.cutWaitShort?.();
  }

  /** A message was accepted under `seq`; if the stream does not bring it back soon, fetch it. */
  expect(seq: number): void {
    clearTimeout(this.echoTimer);
    this.echoTimer = window.setTimeout(() => {
      if (!this.stopped && this.cursor() < seq) this.wake();
    }, ECHO_WITHIN_MS);
  }

  private tell(link: Link): void {
    if (!this.stopped) this.listener.link(link);
  }

  /** Follows one stream until it ends. Only a lost session is an error here: the poll tells about the rest. */
  private async follow(onLife: () => void): Promise<void> {
    const stream = new AbortController();
    this.stream = stream;
    let silence = 0;
    const allow = (ms: number) => {
      clearTimeout(silence);
      silence = window.setTimeout(() => stream.abort(), ms);
    };
    try {
      allow(ANSWER_WITHIN_MS);
      const response = await openStream(this.token, this.cursor(), stream.signal);
      allow(SILENCE_MS);
      await readEvents(
        response,
        (event) => this.take(event),
        () => {
          allow(SILENCE_MS);
          onLife();
        },
      );
    } catch (error) {
      if (error instanceof ApiError && error.sessionEnded) throw error;
    } finally {
      clearTimeout(silence);
    }
  }

  private take({ event, data }: StreamEvent): void {
    if (this.stopped) return;
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (event === "message") this.listener.message(value as Message);
    else if (event === "state") this.listener.state(value as State);
  }

  private async poll(): Promise<void> {
    const conversation = await readConversation(this.token);
    if (!this.stopped) this.listener.conversation(conversation);
  }

  private wait(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.cutWaitShort = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
