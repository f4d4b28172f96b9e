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
}

export interface Clinic {
  name: string;
  phone: string;
  emergency_number: string;
  urgent_line: string;
  assistant_name: string;
}

export interface State {
  mode: Mode;
  typing: boolean;
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
export type Request = { text: string } | { button: { seq: number; index: number } } | "person";

/** The longest text the server takes, in characters. */
export const TEXT_LIMIT = 2000;
