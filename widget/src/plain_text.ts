// Plain text to elements: "\n" is a line break, "- " begins a list item, phone numbers can be called.

import { element, telephone } from "./dom";

export type Block = { list: string[] } | { lines: string[] };

/** Splits a text into paragraphs (at empty lines) and lists. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let open: Block | null = null;
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const item = /^- +(.*)$/.exec(line)?.[1];
    if (line.trim() === "") {
      open = null;
    } else if (item !== undefined) {
      if (open && "list" in open) open.list.push(item);
      else found.push((open = { list: [item] }));
    } else if (open && "lines" in open) {
      open.lines.push(line);
    } else {
      found.push((open = { lines: [line] }));
    }
  }
  return found;
}

/**
 * A number after "on", or after "call" and the like with at most two names between ("call NHS 111"),
 * or one long enough to be nothing else. Dates and years are not.
 */
const NUMBER =
  /((?:\b(?:[Cc]all|[Tt]ext|[Rr]ing|[Dd]ial)\s+(?:[A-Z]\w*\s+){0,2}|\bon\s+))(\+?\d[\d ()-]*\d)|(\+?\(?\d[\d ()-]{7,}\d)/g;
const DATE = /^\d{4}-\d\d?-\d\d?|^\d\d?-\d\d?-\d{4}|^(?:19|20)\d\d$/;

export interface Piece {
  text: string;
  phone: boolean;
}

/** Cuts a line into plain pieces and phone numbers. `known` numbers count wherever they stand. */
export function pieces(line: string, known: readonly string[]): Piece[] {
  const spans: { start: number; end: number }[] = [];
  for (const match of line.matchAll(NUMBER)) {
    const number = match[2] ?? match[3] ?? "";
    const digits = number.replace(/\D/g, "").length;
    const start = (match.index ?? 0) + (match[1]?.length ?? 0);
    if (digits >= 3 && digits <= 15 && !DATE.test(number)) spans.push({ start, end: start + number.length });
  }
  for (const number of known.filter((each) => each !== "")) {
    for (let start = line.indexOf(number); start >= 0; start = line.indexOf(number, start + number.length)) {
      const end = start + number.length;
      const alone = !/[\d-]/.test(line[start - 1] ?? " ") && !/[\d-]/.test(line[end] ?? " ");
      if (alone && !spans.some((span) => start < span.end && span.start < end)) spans.push({ start, end });
    }
  }
  spans.sort((a, b) => a.start - b.start);
  const cut: Piece[] = [];
  let done = 0;
  for (const { start, end } of spans) {
    if (start > done) cut.push({ text: line.slice(done, start), phone: false });
    cut.push({ text: line.slice(start, end), phone: true });
    done = end;
  }
  if (done < line.length) cut.push({ text: line.slice(done), phone: false });
  return cut;
}

/** The nodes of one line. `known` null leaves every number plain. */
export function inline(line: string, known: readonly string[] | null): Node[] {
  if (known === null) return [document.createTextNode(line)];
  return pieces(line, known).map(({ text, phone }) =>
    phone ? element("a", { href: telephone(text) }, text) : document.createTextNode(text),
  );
}

/** `known`: phone numbers of the clinic; null leaves every number plain (a patient's own words). */
export function render(found: readonly Block[], known: readonly string[] | null): HTMLElement[] {
  return found.map((block) => {
    if ("list" in block) {
      return element("ul", {}, ...block.list.map((item) => element("li", {}, ...inline(item, known))));
    }
    const lines = block.lines.flatMap((line, index) => [...(index ? [element("br")] : []), ...inline(line, known)]);
    return element("p", {}, ...lines);
  });
}
