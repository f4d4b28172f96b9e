import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, pieces } from "../src/plain_text";

const CLINIC = ["020 7946 0000", "999", "111"];
const numbers = (line: string) => pieces(line, CLINIC).filter(({ phone }) => phone).map(({ text }) => text);

test("lines that begin with a hyphen are a list, empty lines part paragraphs", () => {
  assert.deepEqual(blocks("Until then:\n- Do not squeeze.\n- Rest.\n\nCall us.\nToday."), [
    { lines: ["Until then:"] },
    { list: ["Do not squeeze.", "Rest."] },
    { lines: ["Call us.", "Today."] },
  ]);
  assert.deepEqual(blocks("-5 degrees"), [{ lines: ["-5 degrees"] }]);
});

const CALLED: [string, string[]][] = [
  ["Call 999 now.", ["999"]],
  ["Please call the clinic today on 020 7946 0000. If we are closed, call 111.", ["020 7946 0000", "111"]],
  ["Please call or text 116 123 now.", ["116 123"]],
  ["Reach us under +44 20 7946 0000.", ["+44 20 7946 0000"]],
  ["I am worried (999).", ["999"]],
  ["Please call or text Samaritans 116 123 now.", ["116 123"]],
  ["If we are closed, call NHS 111.", ["111"]],
];
const NOT_CALLED = ["on 2025-11-19 you said", "on day 10", "SPF 50 for 14 days", "1999 was long ago", "use it 3-4 times", "on Monday 17 November 2025", "on 2025", "on 12-11-2025"];

test("numbers to call are found", () => {
  for (const [line, expected] of CALLED) assert.deepEqual(numbers(line), expected, line);
});

test("dates, days and doses are not numbers to call", () => {
  for (const line of NOT_CALLED) assert.deepEqual(numbers(line), [], line);
});

test("no character is lost or doubled", () => {
  for (const [line] of CALLED) assert.equal(pieces(line, CLINIC).map(({ text }) => text).join(""), line);
});
