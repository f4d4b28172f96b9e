// The course of healing as a picture: a list of real text for readers and zoom, drawn as a line with a mark for each stage.

import type { Stage, Timeline } from "./contract";
import { element, vector } from "./dom";
import { TIMELINE } from "./wording";

type When = "past" | "today" | "ahead";

export function timelineFigure({ today, stages }: Timeline): HTMLElement {
  const now = today === null ? -1 : stageOf(today, stages);
  const items = stages.map((stage, index) =>
    item(stage, now < 0 || index > now ? "ahead" : index < now ? "past" : "today", today),
  );
  return element(
    "figure",
    { class: "timeline" },
    element("figcaption", {}, TIMELINE.caption),
    element("ol", { role: "list" }, ...items),
  );
}

/** Whether a list of the text says what the picture says: each line is how a stage begins. */
export function tellsSame(lines: readonly string[], { stages }: Timeline): boolean {
  return (
    lines.length === stages.length &&
    stages.every(({ title, text }, index) => `${title}: ${text}`.startsWith(lines[index] ?? "?"))
  );
}

/** The place of the stage that a day is in; -1 where it is in none. */
export function stageOf(day: number, stages: readonly Stage[]): number {
  return stages.findIndex(({ first, last }) => first <= day && (last === null || day <= last));
}

/** "0", "1–2", "8+": the days of a stage, short enough for its mark. */
export function days({ first, last }: Stage): string {
  if (last === null) return `${first}+`;
  return last === first ? `${first}` : `${first}–${last}`;
}

function item(stage: Stage, when: When, today: number | null): HTMLLIElement {
  return element(
    "li",
    { class: when },
    mark(stage, when),
    element(
      "div",
      { class: "stage" },
      element("p", { class: "title" }, stage.title),
      when === "today" ? element("p", { class: "now" }, TIMELINE.today(today ?? 0)) : null,
      element("p", { class: "look" }, stage.text),
    ),
  );
}

/** A round tag with the days on it; today's is full and stands in a second ring. The words beside it say the same. */
function mark(stage: Stage, when: When): SVGSVGElement {
  const label = days(stage);
  const tag = { x: "4", y: "4", width: "40", height: "24", rx: "12", class: "tag" };
  const ring = { x: "1", y: "1", width: "46", height: "30", rx: "15", class: "ring" };
  const written = { x: "24", y: "20.5", "text-anchor": "middle", class: label.length > 4 ? "long" : "" };
  const shapes = [vector("rect", tag), vector("text", written, label)];
  if (when === "today") shapes.unshift(vector("rect", ring));
  return vector("svg", { viewBox: "0 0 48 32", "aria-hidden": "true", class: "mark" }, ...shapes);
}
