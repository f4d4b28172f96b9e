// Where the patient writes.

import { TEXT_LIMIT } from "./contract";
import { element } from "./dom";
import { PhotoTray } from "./photo_tray";
import { SEND } from "./wording";

/** From here on the patient sees how much room is left, in characters. */
const COUNT_FROM_LEFT = 200;

/** A touch keyboard covers half the page: it must come when asked for, not by itself. */
export const hasKeyboard = matchMedia("(pointer: fine)").matches;

export class Composer {
  readonly root: HTMLFormElement;
  private readonly tray: PhotoTray;
  private readonly field: HTMLTextAreaElement;
  private readonly count = element("p", { id: "count", class: "count" });

  constructor(
    private readonly send: (text: string, photos: File[]) => void,
    private readonly say: (sentence: string) => void,
    complain: (sentence: string) => void,
    private readonly typing: () => void,
  ) {
    this.tray = new PhotoTray(() => this.changed(), complain, say);
    this.field = element("textarea", {
      id: "text",
      rows: "1",
      placeholder: SEND.hint,
      enterkeyhint: "send",
      autocomplete: "off",
      "aria-describedby": "count",
    });
    this.root = element(
      "form",
      { class: "composer" },
      this.tray.root,
      this.tray.opener,
      element("label", { for: "text", class: "unseen" }, SEND.label),
      this.field,
      element("button", { type: "submit", class: "send" }, SEND.button),
      this.count,
    );
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      this.tray.add(files);
    });
    this.field.addEventListener("input", () => {
      this.changed();
      if (this.text !== "") this.typing();
    });
    this.field.addEventListener("keydown", (event) => {
      // 229: Safari reports the Enter that ends an input-method composition this way.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
  }

  focus(): void {
    this.field.focus({ preventScroll: true });
  }

  /** Puts a message back that the server did not take, in front of what has been typed since. */
  restore(text: string, photos: File[] = []): void {
    if (photos.length) this.tray.add(photos);
    this.field.value = [text, this.field.value].filter(Boolean).join("\n");
    this.changed();
    this.focus();
  }

  private get text(): string {
    // Control characters other than tab and line break are refused by the server and never meant.
    return this.field.value.replace(/\r\n?/g, "\n").replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "").trim();
  }

  private get left(): number {
    return TEXT_LIMIT - [...this.text].length;
  }

  private submit(): void {
    const { text } = this;
    if (this.left < 0) {
      this.say(SEND.over(-this.left));
    } else if (text !== "" || this.tray.files.length) {
      this.field.value = "";
      this.send(text, this.tray.empty());
    }
    this.focus();
  }

  private changed(): void {
    const { left } = this;
    const over = left < 0;
    this.count.textContent = over ? SEND.over(-left) : left <= COUNT_FROM_LEFT ? SEND.left(left) : "";
    this.count.classList.toggle("over", over);
    this.field.setAttribute("aria-invalid", String(over));
    // Grows with the text up to the maximum height of the style sheet.
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
