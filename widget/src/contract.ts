// The Patient API as docs/architecture.md states it.

export type Role = "patient" | "assistant" | "staff" | "system";
export type Mode = "assistant" | "waiting" | "staff" | "closed";

/** Days since treatment, both ends included; `last` is null where the stage stays open. */
export interface Stage {
  first: number;
  last: number | null;
  title: string;
  text: string;
}

/** The course of healing; `today` is null where the day is not known. */
export interface Timeline {
  today: number | null;
  stages: Stage[];
}

/** A photo in a message; `id` is null while it is still on this side, and `preview` then shows it. */
export interface Photo {
  id: string | null;
  width: number;
  height: number;
  preview?: string;
}

export interface Message {
  seq: number;
  role: Role;
  name: string;
  kind: string;
  text: string;
  buttons: { title: string }[];
  sources: { id: string; title: string }[];
  timeline: Timeline | null;
  client_id: string | null;
  created_at: string;
  photos: Photo[];
}

export interface Clinic {
  name: string;
  phone: string;
  emergency_number: string;
  urgent_line: string;
  assistant_name: string;
  /** Whether the clinic lets patients print their chat. */
  printed_copy?: boolean;
}

/** `typing`: the assistant is; the rest is how things stand with the team. */
export interface State {
  mode: Mode;
  typing: boolean;
  staff_name?: string | null;
  staff_typing?: boolean;
  /** 1 for who is next. */
  position?: number | null;
  /** The clinic is closed until then. */
  opens_at?: string | null;
  since?: string | null;
  can_leave?: boolean;
  can_rate?: boolean;
  contact_left?: boolean;
}

export interface Conversation extends State {
  last_seq: number;
  messages: Message[];
  clinic: Clinic;
}

export interface Session {
  token: string;
  expires_at: string;
  clinic: Clinic;
}

export interface Receipt {
  seq: number;
  duplicate: boolean;
}

/** What one press of Send, a quick reply or "Talk to a person" asks of the server. */
export type Request = { text: string } | { button: { seq: number; index: number } } | "person" | { photos: File[]; text: string };

/** The longest text the server takes, in characters. */
export const TEXT_LIMIT = 2000;

/** Bytes of one photo, and photos of one message, that the server takes. */
export const PHOTO_LIMIT_BYTES = 15 * 1024 * 1024;
export const PHOTO_LIMIT_COUNT = 4;
