// What the patient may do about the person they wait for or had: stop waiting, leave contact details, rate the help.

import type { State } from "./contract";
import { button, element } from "./dom";
import { PERSON } from "./wording";

export interface PersonActions {
  leave(): Promise<void>;
  contact(text: string): Promise<void>;
  rate(stars: number, comment: string): Promise<void>;
  /** Tells the patient why the server did not take it. */
  failed(error: unknown): void;
}

const CONTACT_LIMIT = 200;
const COMMENT_LIMIT = 2000;

/** Made anew only when what it offers changes, so that nobody loses what they are typing into it. */
export class PersonPanel {
  readonly root = element("section", { class: "person-panel", "aria-label": PERSON.label, hidden: "" });
  private offered = "";

  constructor(private readonly actions: PersonActions) {}

  show({ can_leave, can_rate, contact_left }: State): void {
    const offers = can_rate ? "rate" : can_leave ? (contact_left ? "wait" : "wait contact") : "";
    if (offers === this.offered) return;
    this.offered = offers;
    this.root.hidden = offers === "";
    if (offers === "") this.root.replaceChildren();
    else if (can_rate) this.root.replaceChildren(this.rating());
    else this.root.replaceChildren(this.contact(contact_left ?? false), this.leaving());
  }

  private leaving(): HTMLElement {
    const leave = button(PERSON.leave, "small", () => void this.ask(leave, () => this.actions.leave()));
    return leave;
  }

  private contact(isLeft: boolean): HTMLElement {
    if (isLeft) return element("p", {}, PERSON.contactLeft);
    const field = element("input", { id: "contact", type: "text", maxlength: String(CONTACT_LIMIT), autocomplete: "tel" });
    const save = element("button", { type: "submit", class: "small" }, PERSON.contactSave);
    const form = element("form", {}, element("label", { for: "contact" }, PERSON.contactLabel), field, save);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text) void this.ask(save, () => this.actions.contact(text));
    });
    return element("details", {}, element("summary", {}, PERSON.contact), form);
  }

  private rating(): HTMLElement {
    const stars = [1, 2, 3, 4, 5].map((count) => {
      const radio = element("input", { type: "radio", name: "stars", value: String(count), required: "" });
      return element("label", {}, radio, element("span", { class: "unseen" }, PERSON.stars(count)), String(count));
    });
    const comment = element("textarea", { id: "comment", rows: "2", maxlength: String(COMMENT_LIMIT) });
    const save = element("button", { type: "submit", class: "small" }, PERSON.rateSave);
    const form = element(
      "form",
      { class: "rating" },
      element("fieldset", {}, element("legend", {}, PERSON.rate), ...stars),
      element("label", { for: "comment" }, PERSON.comment),
      comment,
      save,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = form.querySelector<HTMLInputElement>("input[name=stars]:checked");
      if (chosen) void this.ask(save, () => this.actions.rate(Number(chosen.value), comment.value));
    });
    return form;
  }

  /** One press, one request; what comes of it the server tells by the state. */
  private async ask(pressed: HTMLButtonElement, request: () => Promise<void>): Promise<void> {
    pressed.disabled = true;
    try {
      await request();
    } catch (error) {
      this.actions.failed(error);
    } finally {
      pressed.disabled = false;
    }
  }
}
