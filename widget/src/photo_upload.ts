// Sends photos, and fetches those that were sent. Uploads tell how far they are, which fetch cannot.

import { ApiError } from "./api";
import { PHOTO_LIMIT_BYTES, PHOTO_LIMIT_COUNT, type Receipt } from "./contract";
import { PHOTO } from "./wording";

/** So long without a byte moving, or without an answer after the last one, and the upload is given up. */
const SILENCE_MS = 60_000;

/** What is wrong with a chosen file, in words; null where it may be sent. The server looks into the file itself. */
export function objection(file: File): string | null {
  if (file.size > PHOTO_LIMIT_BYTES) return PHOTO.tooBig(file.name);
  if (file.size === 0) return PHOTO.empty(file.name);
  // Phones often leave the type of HEIC files open.
  if (file.type !== "" && !file.type.startsWith("image/")) return PHOTO.notAPhoto(file.name);
  return null;
}

/** The first that fit, and what to say of the rest. */
export function fitting(had: number, chosen: readonly File[]): { taken: File[]; said: string } {
  const said: string[] = [];
  const taken = chosen.filter((file) => {
    const why = objection(file);
    if (why) said.push(why);
    return !why;
  });
  const room = PHOTO_LIMIT_COUNT - had;
  if (taken.length > room) said.push(PHOTO.tooMany(PHOTO_LIMIT_COUNT));
  return { taken: taken.slice(0, Math.max(0, room)), said: said.join(" ") };
}

/** `progress` is told a number from 0 to 1. Rejects with ApiError. */
export function sendPhotos(
  token: string,
  clientId: string,
  photos: readonly File[],
  text: string,
  progress: (part: number) => void,
): Promise<Receipt> {
  const form = new FormData();
  form.append("client_id", clientId);
  if (text) form.append("text", text);
  for (const photo of photos) form.append("photo", photo, "photo");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let silence = 0;
    const alive = () => {
      clearTimeout(silence);
      silence = window.setTimeout(() => request.abort(), SILENCE_MS);
    };
    request.open("POST", "/api/v1/photos");
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      alive();
      progress(total ? loaded / total : 0);
    });
    request.addEventListener("loadend", () => {
      clearTimeout(silence);
      const answer = parsed(request.responseText);
      if (request.status === 202 && typeof answer.seq === "number") resolve(answer as unknown as Receipt);
      else reject(failure(request, answer));
    });
    alive();
    request.send(form);
  });
}

/** A photo is fetched once while the page lives. */
const fetched = new Map<string, string>();
const fetching = new Map<string, Promise<string>>();

/** The address of a photo of this session, for an image: at once where it was fetched before. Rejects with ApiError. */
export function photoAddress(token: string, id: string, size: "full" | "thumbnail"): string | Promise<string> {
  const path = size === "full" ? `/api/v1/photos/${id}` : `/api/v1/photos/${id}/thumbnail`;
  const known = fetched.get(path) ?? fetching.get(path);
  if (known) return known;
  const coming = fetchPhoto(token, path).finally(() => fetching.delete(path));
  fetching.set(path, coming);
  return coming;
}

async function fetchPhoto(token: string, path: string): Promise<string> {
  const init: RequestInit = { cache: "no-store", credentials: "omit", headers: { Authorization: `Bearer ${token}` } };
  const response = await fetch(path, init).catch(() => null);
  if (!response?.ok) throw new ApiError(response?.status ?? 0, "photo", "");
  const address = URL.createObjectURL(await response.blob());
  fetched.set(path, address);
  return address;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function failure(request: XMLHttpRequest, answer: Record<string, unknown>): ApiError {
  const wait = Number(request.getResponseHeader("Retry-After") ?? Number.NaN);
  const code = typeof answer.error === "string" ? answer.error : "unreachable";
  const sentence = typeof answer.message === "string" ? answer.message : "";
  const place = typeof answer.photo === "number" ? PHOTO.place(answer.photo + 1) : "";
  return new ApiError(request.status, code, [place, sentence].filter(Boolean).join(" "), Number.isFinite(wait) ? wait : null);
}
