// The photos that are chosen and not sent yet, above the field: choose, look, take away.

import { button, element, icon, ICONS } from "./dom";
import { fitting } from "./photo_upload";
import { PHOTO } from "./wording";

export class PhotoTray {
  readonly root: HTMLElement;
  /** Opens the phone's choice of camera and gallery, or the computer's of files. */
  readonly opener: HTMLButtonElement;
  private readonly chooser = element("input", {
    type: "file",
    class: "chooser",
    accept: "image/*,.heic,.heif",
    multiple: "",
    tabindex: "-1",
    "aria-hidden": "true",
  });
  private readonly list = element("ul", { class: "tray", "aria-label": PHOTO.tray });
  private readonly note = element("p", { class: "tray-note" }, PHOTO.note);
  private chosen: { file: File; address: string }[] = [];

  /** `changed` is told after every change; `complain` shows what is wrong ("": nothing); `say` is for screen readers. */
  constructor(
    private readonly changed: () => void,
    private readonly complain: (sentence: string) => void,
    private readonly say: (sentence: string) => void,
  ) {
    this.opener = button("", "attach", () => this.chooser.click());
    this.opener.append(icon(ICONS.camera), element("span", { class: "unseen" }, PHOTO.add));
    this.root = element("div", { class: "photos" }, this.chooser, this.list, this.note);
    this.chooser.addEventListener("change", () => {
      this.add([...(this.chooser.files ?? [])]);
      this.chooser.value = "";
    });
    this.show();
  }

  get files(): File[] {
    return this.chosen.map(({ file }) => file);
  }

  add(files: readonly File[]): void {
    const { taken, said } = fitting(this.chosen.length, files);
    this.chosen.push(...taken.map((file) => ({ file, address: URL.createObjectURL(file) })));
    this.complain(said);
    if (taken.length) this.say(PHOTO.added(this.chosen.length));
    this.show();
    this.changed();
  }

  /** Takes all out, for sending. */
  empty(): File[] {
    const files = this.files;
    for (const { address } of this.chosen) URL.revokeObjectURL(address);
    this.chosen = [];
    this.complain("");
    this.show();
    this.changed();
    return files;
  }

  private remove(place: number): void {
    const [gone] = this.chosen.splice(place, 1);
    if (gone) URL.revokeObjectURL(gone.address);
    this.complain("");
    this.say(PHOTO.removed);
    this.show();
    // The pressed button is gone: the next one, else the way to add another.
    const buttons = this.list.querySelectorAll("button");
    (buttons[Math.min(place, buttons.length - 1)] ?? this.opener).focus();
    this.changed();
  }

  private show(): void {
    this.note.hidden = this.chosen.length === 0;
    this.list.hidden = this.chosen.length === 0;
    this.list.replaceChildren(...this.chosen.map(({ file, address }, place) => this.item(file, address, place)));
  }

  private item(file: File, address: string, place: number): HTMLLIElement {
    const image = element("img", { src: address, alt: PHOTO.chosen(place + 1, this.chosen.length) });
    // Few browsers show HEIC: the name then stands for the picture.
    image.addEventListener("error", () => image.replaceWith(element("span", { class: "no-picture" }, file.name)));
    const remove = button("", "remove", () => this.remove(place));
    remove.setAttribute("aria-label", PHOTO.remove(place + 1));
    remove.append(icon(ICONS.cross));
    return element("li", {}, image, remove);
  }
}
