import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/contract";
import { Transcript } from "../src/transcript";

function message(seq: number, text: string, more: Partial<Message> = {}): Message {
  const base = { role: "assistant" as const, name: "", kind: "answer", buttons: [], sources: [], timeline: null, client_id: null, photos: [] };
  return { ...base, seq, text, created_at: "2025-11-19T21:00:00Z", ...more };
}
const mine = (seq: number, clientId: string) => message(seq, "hi", { role: "patient", client_id: clientId });
const texts = (transcript: Transcript) => transcript.all.map(({ text }) => text);

test("a message is shown once, whether the receipt or the stream comes first", () => {
  const receiptFirst = new Transcript();
  receiptFirst.queue("a", "hi");
  receiptFirst.receipt("a", 1);
  receiptFirst.accept(mine(1, "a"));
  const streamFirst = new Transcript();
  streamFirst.queue("a", "hi");
  streamFirst.accept(mine(1, "a"));
  streamFirst.receipt("a", 1);
  for (const transcript of [receiptFirst, streamFirst]) {
    assert.deepEqual(transcript.all.map(({ text, seq, delivery }) => [text, seq, delivery]), [["hi", 1, "sent"]]);
    assert.equal(transcript.accept(mine(1, "a")), null);
  }
});

test("it is shown once also when the server leaves out the client_id", () => {
  for (const receiptFirst of [true, false]) {
    const transcript = new Transcript();
    transcript.queue("a", "hi");
    if (receiptFirst) transcript.receipt("a", 1);
    transcript.accept(message(1, "hi", { role: "patient" }));
    if (!receiptFirst) transcript.receipt("a", 1);
    assert.deepEqual(texts(transcript), ["hi"]);
  }
});

test("order is the server's order, and the unsent come last", () => {
  const transcript = new Transcript();
  transcript.queue("a", "first try");
  transcript.queue("b", "second");
  transcript.failed("a", true);
  transcript.receipt("b", 1);
  transcript.accept(message(2, "reply"));
  assert.deepEqual(texts(transcript), ["second", "reply", "first try"]);
  transcript.receipt("a", 3);
  transcript.accept(message(4, "reply again"));
  assert.deepEqual(texts(transcript), ["second", "reply", "first try", "reply again"]);
});

test("a stream goes on after what was shown, not after what was merely receipted", () => {
  const transcript = new Transcript();
  transcript.accept(message(1, "hello"));
  transcript.queue("a", "hi");
  transcript.receipt("a", 3);
  assert.equal(transcript.cursor, 1);
});

test("a new session counts from one again and takes the unsent along", () => {
  const transcript = new Transcript();
  transcript.accept(message(1, "old"));
  transcript.queue("a", "unsent");
  transcript.note("ended");
  transcript.startSession();
  assert.equal(transcript.cursor, 0);
  assert.notEqual(transcript.accept(message(2, "new")), null);
  transcript.receipt("a", 1);
  assert.deepEqual(texts(transcript), ["old", "ended", "unsent", "new"]);
});

test("quick replies are open until somebody speaks", () => {
  const transcript = new Transcript();
  transcript.accept(message(1, "Any fever?", { buttons: [{ title: "Yes" }] }));
  transcript.accept(message(2, "I told the team.", { role: "system" }));
  assert.equal(transcript.offering?.text, "Any fever?");
  transcript.queue("a", "no");
  assert.equal(transcript.offering, null);
});
