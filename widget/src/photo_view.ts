// Photos in a message: small in the list, large in a window of their own.

import type { Photo } from "./contract";
import { ICONS, button, element, icon } from "./dom";
import { PHOTO } from "./wording";

/** Gives the address of a photo for an image: at once where it is known, so that a message drawn again looks the same. */
export type Addresses = (photo: Photo, size: "full" | "thumbnail") => string | Promise<string>;

/** What this browser could not show, such as HEIC before the server has made a JPEG of it. */
const unshowable = new Set<string>();

export function photoList(photos: readonly Photo[], addresses: Addresses): HTMLElement | null {
  if (photos.length === 0) return null;
  const items = photos.map((photo, place) => element("li", {}, small(photo, place, photos.length, addresses)));
  return element("ul", { class: "sent-photos" }, ...items);
}

function small(photo: Photo, place: number, count: number, addresses: Addresses): HTMLElement {
  const label = PHOTO.yours(place + 1, count);
  const image = element("img", { alt: label });
  const opener = button("", "open-photo", () => void open(photo, label, addresses));
  opener.append(image);
  const missing = () => element("p", { class: "no-picture" }, photo.id === null ? PHOTO.noPreview : PHOTO.missing);
  image.addEventListener("error", () => {
    unshowable.add(image.src);
    opener.replaceWith(missing());
  });
  const address = addresses(photo, "thumbnail");
  if (typeof address !== "string") {
    address.then((ready) => image.setAttribute("src", ready), () => opener.replaceWith(missing()));
  } else if (unshowable.has(address)) {
    return missing();
  } else {
    image.setAttribute("src", address);
  }
  return opener;
}

async function open(photo: Photo, label: string, addresses: Addresses): Promise<void> {
  const image = element("img", { alt: label });
  const close = button("", "close-photo", () => dialog.close());
  close.append(icon(ICONS.cross), PHOTO.close);
  const dialog = element("dialog", { class: "photo-window", "aria-label": label }, close, image);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  // Esc closes the photo and not the chat around it.
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
  const missing = () => image.replaceWith(element("p", {}, PHOTO.missing));
  image.addEventListener("error", missing);
  try {
    image.setAttribute("src", await addresses(photo, "full"));
  } catch {
    missing();
  }
}
