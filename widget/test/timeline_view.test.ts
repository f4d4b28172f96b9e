import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stage } from "../src/contract";
import { days, stageOf, tellsSame } from "../src/timeline_view";

const stage = (first: number, last: number | null, title: string, text: string): Stage => ({ first, last, title, text });
const STAGES = [
  stage(0, 0, "The day itself", "Red skin."),
  stage(1, 2, "Days 1-2", "Puffy skin. It can feel dry."),
  stage(8, null, "After a week", "Near to usual."),
];

test("a day is in its stage, in none between two, and in the open one for ever", () => {
  assert.deepEqual([0, 1, 2, 5, 8, 400].map((day) => stageOf(day, STAGES)), [0, 1, 1, -1, 2, 2]);
});

test("the mark names the days of its stage", () => {
  assert.deepEqual(STAGES.map(days), ["0", "1–2", "8+"]);
});

test("the picture takes the place of a list only where each line is how a stage begins", () => {
  const timeline = { today: null, stages: STAGES };
  const lines = ["The day itself: Red skin.", "Days 1-2: Puffy skin.", "After a week: Near to usual."];
  assert.equal(tellsSame(lines, timeline), true);
  assert.equal(tellsSame(lines.slice(1), timeline), false);
  assert.equal(tellsSame([...lines.slice(0, 2), "After a week: Call us."], timeline), false);
});
