// Server-sent events over fetch(): EventSource cannot send the Authorization header.

export interface StreamEvent {
  event: string;
  data: string;
  id: string;
}

/** Turns text chunks, cut anywhere, into events (WHATWG HTML, "Interpreting an event stream"). */
export class EventParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id = "";

  feed(chunk: string): StreamEvent[] {
    this.rest += chunk;
    const found: StreamEvent[] = [];
    // A CR at the very end may be half of a CRLF: it waits for the next chunk.
    const lineEnd = /\r\n|\n|\r(?!$)/;
    for (let end = lineEnd.exec(this.rest); end; end = lineEnd.exec(this.rest)) {
      const line = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      const event = this.take(line);
      if (event) found.push(event);
    }
    return found;
  }

  private take(line: string): StreamEvent | null {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    return null;
  }

  private dispatch(): StreamEvent | null {
    const complete = this.data.length > 0;
    const event = { event: this.event || "message", data: this.data.join("\n"), id: this.id };
    this.event = "";
    this.data = [];
    return complete ? event : null;
  }
}

/** Reads a response to its end. `onBytes` hears of every chunk, comments included. */
export async function readEvents(
  response: Response,
  onEvent: (event: StreamEvent) => void,
  onBytes: () => void,
): Promise<void> {
  if (!response.body) throw new Error("no body to read");
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    for (const event of parser.feed(decoder.decode(value, { stream: true }))) onEvent(event);
  }
}
