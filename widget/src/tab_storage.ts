// What survives a reload of this tab, and nothing longer: shared computers must not remember a patient.
// With storage blocked, the chat works until the page is left.

const memory = new Map<string, string>();

export type Key = "token" | "treated_on" | "unsent";

export function remember(key: Key, value: string | null): void {
  const name = `aftercare.${key}`;
  if (value === null) memory.delete(name);
  else memory.set(name, value);
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {
    // Blocked or full: memory has it.
  }
}

export function recall(key: Key): string | null {
  const name = `aftercare.${key}`;
  try {
    return sessionStorage.getItem(name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}
