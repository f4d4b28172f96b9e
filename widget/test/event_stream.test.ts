import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../src/event_stream";

const WIRE = ': hello\n\nevent: message\nid: 7\ndata: {"seq":7}\n\nevent: state\r\ndata: a\r\ndata: b\r\n\r\n';
const EVENTS = [
  { event: "message", data: '{"seq":7}', id: "7" },
  { event: "state", data: "a\nb", id: "7" },
];

test("events come out whole, wherever the network cuts them", () => {
  for (let size = 1; size <= WIRE.length; size++) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < WIRE.length; at += size) found.push(...parser.feed(WIRE.slice(at, at + size)));
    assert.deepEqual(found, EVENTS, `chunks of ${size}`);
  }
});

test("a comment is no event, and an event without an end waits", () => {
  const parser = new EventParser();
  assert.deepEqual(parser.feed(": still here\n\n"), []);
  assert.deepEqual(parser.feed("data: x\n"), []);
  assert.deepEqual(parser.feed("\n"), [{ event: "message", data: "x", id: "" }]);
});
