// What stands above the first message: who answers here, and one question that may be skipped.

import type { Clinic } from "./contract";
import { ICONS, button, element, icon } from "./dom";
import { FIRST, daysAgo } from "./wording";

const DAY_MS = 86_400_000;
/** Older treatments are not chosen here but told in words. */
const LONGEST_DAYS = 365;

/** A calendar day of this browser's time zone as YYYY-MM-DD. */
function isoDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function back(days: number): Date {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days, 12);
}

export class FirstScreen {
  readonly root = element("section", { class: "first" });
  private readonly words = element("div");
  private readonly question = element("div", { class: "when" });

  /** `chosen` hears of the day (or null) whenever the patient sets it; `done` when there is nothing left to choose. */
  constructor(
    private clinic: Clinic,
    private treatedOn: string | null,
    private readonly chosen: (day: string | null) => void,
    private readonly done: () => void,
  ) {
    this.root.append(this.words, this.question);
    this.greet();
    this.ask();
  }

  rename(clinic: Clinic): void {
    this.clinic = clinic;
    this.greet();
  }

  /** The conversation has begun: the question would come too late, and the clinic's own welcome says the rest. */
  begun(welcomed: boolean): void {
    this.question.remove();
    this.words.hidden = welcomed;
    this.root.classList.add("begun");
  }

  private greet(): void {
    this.words.replaceChildren(
      element("h2", {}, FIRST.hello(this.clinic.name)),
      element("p", { class: "example" }, FIRST.example),
      element(
        "p",
        { class: "privacy" },
        icon(ICONS.shield),
        element("span", {}, FIRST.privacy(this.clinic.emergency_number)),
      ),
    );
  }

  private ask(): void {
    if (this.treatedOn) {
      this.confirm(this.treatedOn);
      return;
    }
    const days = FIRST.days.map((label, days) => button(label, "day", () => this.choose(isoDay(back(days)))));
    const other = button(FIRST.other, "day", () => this.pick());
    const skip = button(FIRST.skip, "day plain", () => {
      this.question.remove();
      this.done();
    });
    this.question.replaceChildren(
      element(
        "fieldset",
        {},
        element("legend", {}, FIRST.when),
        element("p", { class: "optional" }, FIRST.optional),
        element("div", { class: "days" }, ...days, other, skip),
      ),
    );
  }

  private pick(): void {
    const field = element("input", {
      type: "date",
      id: "treated-on",
      min: isoDay(back(LONGEST_DAYS)),
      max: isoDay(new Date()),
      "aria-describedby": "treated-on-problem",
      required: "",
    });
    const problem = element("p", { id: "treated-on-problem", class: "problem" });
    const form = element(
      "form",
      { class: "date", novalidate: "" },
      element("label", { for: "treated-on" }, FIRST.date),
      field,
      element("button", { type: "submit", class: "day" }, FIRST.save),
      button(FIRST.skip, "day plain", () => {
        this.question.remove();
        this.done();
      }),
      problem,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const valid = field.checkValidity() && field.value !== "";
      problem.textContent = valid ? "" : FIRST.invalid;
      field.setAttribute("aria-invalid", String(!valid));
      if (valid) this.choose(field.value);
      else field.focus();
    });
    this.question.replaceChildren(form);
    field.focus();
  }

  private choose(day: string): void {
    this.treatedOn = day;
    this.chosen(day);
    this.confirm(day);
    this.done();
  }

  private confirm(day: string): void {
    const date = new Date(`${day}T12:00:00`);
    const days = Math.round((back(0).getTime() - date.getTime()) / DAY_MS);
    const spoken = date.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
    this.question.replaceChildren(
      element(
        "p",
        { class: "noted" },
        element("span", {}, FIRST.noted(spoken, daysAgo(days))),
        button(FIRST.change, "small", () => {
          this.treatedOn = null;
          this.chosen(null);
          this.ask();
          this.question.querySelector("button")?.focus();
        }),
      ),
    );
  }
}
