// <aftercare-chat>: the patient's chat. This file joins the parts; each part knows only its own work.

import { ApiError, openSession, readConversation, send } from "./api";
import { Composer, hasKeyboard } from "./composer";
import { Connection, type Link } from "./connection";
import type { Clinic, Conversation, Message, Request, State } from "./contract";
import { ICONS, button, element, icon, telephone } from "./dom";
import { FirstScreen } from "./first_screen";
import { inFrame, onOpened, tellLoader } from "./frame_link";
import { LogView } from "./log_view";
import { clock, speaker } from "./message_view";
import { Outbox, type Parcel, newClientId } from "./outbox";
import { inline } from "./plain_text";
import { recall, remember } from "./tab_storage";
import { type Entry, Transcript } from "./transcript";
import { HEAD, LOG, SEND, STATE, TROUBLE } from "./wording";

/** After this long without a reply the patient hears that it takes long, in ms. */
const SLOW_MS = 20_000;
/** How long "Message sent." stays in the status region for screen readers, in ms. */
const STATUS_MS = 4_000;

class AftercareChat extends HTMLElement {
  private clinic!: Clinic;
  private state: State & { since?: string } = { mode: "assistant", typing: false };
  private link: Link = "live";
  private token: string | null = null;
  private opening: Promise<string> | null = null;
  private connection: Connection | null = null;
  private slowTimer = 0;
  /** The patient's message that has no reply yet. */
  private unanswered = Number.POSITIVE_INFINITY;
  private sentTimer = 0;
  private isSlow = false;
  private struggling = false;
  /** Until the first answer of the server, what comes is history and must not be read out. */
  private historyShown = false;
  /** Staff have closed the conversation at this entry: emergencies up to it are over. */
  private calmedAt = -1;

  private readonly transcript = new Transcript();
  private readonly outbox = new Outbox({
    deliver: (parcel) => this.deliver(parcel),
    sending: ({ clientId }) => {
      this.transcript.sending(clientId);
      this.setFailure("");
      this.show();
    },
    struggling: () => {
      this.struggling = true;
      this.showStatus();
    },
    delivered: ({ clientId }, { seq }) => this.delivered(clientId, seq),
    failed: (parcel, error) => this.notDelivered(parcel, error),
  });

  private readonly title_ = element("h1", { tabindex: "-1" });
  private readonly assistant = element("p");
  private readonly call = element("a", { class: "call" });
  private readonly callText = element("span");
  private readonly person = button("", "person", () => this.askPerson());
  private readonly alarm = element("p", { class: "alarm", role: "alert" });
  private readonly failure = element("p", { class: "failure", role: "alert" });
  private readonly modeLine = element("p", { class: "mode" });
  private readonly activity = element("p", { class: "activity" });
  private readonly whisper = element("p", { class: "unseen" });
  private readonly log = new LogView({
    again: (clientId) => this.outbox.retry(clientId),
    edit: (clientId) => this.takeBack(clientId),
    reply: (entry, index) => this.reply(entry, index),
  });
  private readonly composer = new Composer(
    (text) => this.submit({ text }, text, "text"),
    (sentence) => this.say(sentence),
  );
  private first!: FirstScreen;

  connectedCallback(): void {
    const { clinicName = "", phone = "", emergencyNumber = "", urgentLine = "", assistantName = "" } = this.dataset;
    this.clinic = {
      name: clinicName,
      phone,
      emergency_number: emergencyNumber,
      urgent_line: urgentLine,
      assistant_name: assistantName,
    };
    this.token = recall("token");
    this.build();
    this.listen();
    this.nameClinic();
    for (const { clientId, text, asked } of Outbox.leftOver()) {
      this.transcript.queue(clientId, text);
      this.outbox.add({ clientId, text, asked });
    }
    this.show(true);
    if (this.token) void this.resume(this.token);
  }

  private build(): void {
    this.first = new FirstScreen(
      this.clinic,
      recall("treated_on"),
      (day) => remember("treated_on", day),
      () => (hasKeyboard ? this.composer.focus() : this.log.focus()),
    );
    this.log.precede(this.first.root);
    this.call.append(icon(ICONS.phone), this.callText);
    this.classList.toggle("framed", inFrame);
    const name = element("div", { class: "name-lines" }, this.title_, this.assistant);
    const foot = element(
      "div",
      { class: "foot" },
      this.failure,
      element("div", { class: "status", role: "status", "aria-atomic": "false" }, this.modeLine, this.activity, this.whisper),
      this.composer.root,
    );
    this.replaceChildren(
      element("header", { class: "head" }, name),
      element("section", { class: "help", "aria-label": "Get help" }, this.alarm, this.call, this.person),
      this.log.root,
      foot,
    );
  }

  private listen(): void {
    const wake = () => {
      if (document.visibilityState !== "visible") return;
      this.connection?.wake();
      this.outbox.retryAll();
    };
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", (event) => event.persisted && wake());
    window.addEventListener("beforeprint", () => {
      for (const details of this.querySelectorAll("details")) details.open = true;
    });
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) tellLoader("close");
    });
    onOpened(() => (hasKeyboard ? this.composer.focus() : this.title_.focus()));
    if (!inFrame) this.followKeyboard();
  }

  /** iOS lays its keyboard over the page instead of shrinking it. */
  private followKeyboard(): void {
    const view = window.visualViewport;
    view?.addEventListener("resize", () => {
      const covered = view.scale === 1 && window.innerHeight - view.height > 80;
      this.style.height = covered ? `${view.height}px` : "";
      if (covered) window.scrollTo(0, 0);
    });
  }

  // The session

  private async resume(token: string): Promise<void> {
    try {
      const conversation = await readConversation(token);
      if (this.token !== token) return;
      this.takeConversation(conversation);
    } catch (error) {
      if (error instanceof ApiError && error.sessionEnded) {
        if (this.token === token) this.endSession();
        return;
      }
      this.setLink("reconnecting");
    }
    if (this.token === token) this.connect(token);
  }

  /** The token; opens a session if there is none. Callers at the same time share one. */
  private session(): Promise<string> {
    if (this.token) return Promise.resolve(this.token);
    this.opening ??= this.open().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  private async open(): Promise<string> {
    const { token, clinic } = await openSession(recall("treated_on"));
    this.token = token;
    this.historyShown = true;
    remember("token", token);
    this.nameClinic(clinic);
    this.connect(token);
    return token;
  }

  private connect(token: string): void {
    this.connection?.stop();
    this.connection = new Connection(token, () => this.transcript.cursor, {
      message: (message) => this.takeMessage(message),
      state: (state) => this.takeState(state),
      conversation: (conversation) => this.takeConversation(conversation),
      link: (link) => this.setLink(link),
      ended: () => this.endSession(),
    });
    void this.connection.run();
  }

  /** The server does not know the session any more: what is shown stays, the next message opens a new one. */
  private endSession(): void {
    this.connection?.stop();
    this.connection = null;
    this.token = null;
    remember("token", null);
    this.outbox.forgetButtons();
    this.transcript.note(LOG.ended);
    this.transcript.startSession();
    this.takeState({ mode: "assistant", typing: false });
    this.setLink("live");
    this.stopWaiting();
    this.show();
  }

  // From the patient

  private submit(asked: Request, text: string, kind: string): void {
    const clientId = newClientId();
    this.transcript.queue(clientId, text, kind);
    this.setFailure("");
    this.show();
    this.outbox.add({ clientId, text, asked });
  }

  private askPerson(): void {
    const asking = this.transcript.all.some(({ kind, delivery }) => kind === "person" && delivery === "sending");
    if (!asking) this.submit("person", HEAD.askPerson, "person");
  }

  private reply(entry: Entry, index: number): void {
    const title = entry.buttons[index]?.title ?? "";
    if (entry.seq !== null) this.submit({ button: { seq: entry.seq, index } }, title, "button");
    // The pressed button is gone; focus must not fall back to the top of the page.
    if (hasKeyboard) this.composer.focus();
    else this.log.focus();
  }

  private takeBack(clientId: string): void {
    const parcel = this.outbox.drop(clientId);
    this.transcript.withdraw(clientId);
    this.setFailure("");
    this.show();
    if (parcel) this.composer.restore(parcel.text);
  }

  private async deliver(parcel: Parcel) {
    const token = await this.session();
    try {
      return await send(token, parcel.clientId, parcel.asked);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "button") parcel.asked = { text: parcel.text };
      else if (!error.sessionEnded) throw error;
      else if (this.token === token) this.endSession();
      return send(await this.session(), parcel.clientId, parcel.asked);
    }
  }

  private delivered(clientId: string, seq: number): void {
    this.struggling = false;
    this.transcript.receipt(clientId, seq);
    this.connection?.expect(seq);
    this.say(SEND.announceSent);
    this.startWaiting(seq);
    this.show();
  }

  private notDelivered({ clientId }: Parcel, error: ApiError): void {
    this.struggling = false;
    this.transcript.failed(clientId, error.passing);
    this.setFailure(this.explain(error));
    this.showStatus();
    this.show();
  }

  private explain(error: ApiError): string {
    if (error.status === 429) return error.message || TROUBLE.tooMany;
    if (error.passing) return TROUBLE.notSentNow(this.clinic.phone);
    return error.message || TROUBLE.refused;
  }

  // From the server

  private takeMessage(message: Message): void {
    const entry = this.transcript.accept(message);
    if (!entry) return;
    this.takeNews([message]);
    this.show();
  }

  private takeConversation({ clinic, messages, mode, typing, ...rest }: Conversation): void {
    const history = !this.historyShown;
    this.historyShown = true;
    this.nameClinic(clinic);
    const fresh = messages.filter((message) => this.transcript.accept(message));
    if (!history) this.takeNews(fresh);
    this.takeState({ ...rest, mode, typing });
    if (fresh.length) this.show(history);
  }

  private takeNews(messages: Message[]): void {
    const news = messages.filter(({ role }) => role !== "patient");
    if (news.some(({ seq }) => seq > this.unanswered)) this.stopWaiting();
    if (news.length) tellLoader("news");
  }

  private takeState(state: State & { since?: string }): void {
    this.state = state;
    if (state.mode === "closed") this.calmedAt = Math.max(this.calmedAt, ...this.transcript.all.map(({ key }) => key));
    this.person.disabled = state.mode === "staff";
    write(this.person, state.mode === "staff" ? HEAD.withPerson : HEAD.person);
    this.showStatus();
    this.showAlarm();
  }

  private nameClinic(clinic: Clinic = this.clinic): void {
    if (clinic !== this.clinic && JSON.stringify(clinic) === JSON.stringify(this.clinic)) return;
    this.clinic = { ...this.clinic, ...clinic };
    this.title_.textContent = this.clinic.name;
    this.assistant.textContent = this.clinic.assistant_name;
    this.call.href = telephone(this.clinic.emergency_number);
    this.first.rename(this.clinic);
    this.takeState(this.state);
  }

  private setLink(link: Link): void {
    // Reached again: what could not be sent before goes out now.
    if (link === "live" && this.link !== "live") {
      this.setFailure("");
      this.outbox.retryAll();
    }
    this.link = link;
    this.showStatus();
  }

  // Waiting for a reply

  private startWaiting(seq: number): void {
    this.stopWaiting();
    const answered = this.transcript.all.some(({ role, seq: at }) => role !== "patient" && (at ?? 0) > seq);
    if (answered || this.state.mode === "staff") return;
    this.unanswered = seq;
    this.slowTimer = window.setTimeout(() => {
      this.isSlow = this.state.mode !== "staff";
      this.showStatus();
    }, SLOW_MS);
  }

  private stopWaiting(): void {
    clearTimeout(this.slowTimer);
    this.unanswered = Number.POSITIVE_INFINITY;
    if (!this.isSlow) return;
    this.isSlow = false;
    this.showStatus();
  }

  // On the page

  private show(quietly = false): void {
    const [opening] = this.transcript.all;
    if (opening) this.first.begun(opening.role === "assistant");
    this.log.show(this.transcript, this.clinic, quietly);
    this.showStatus();
    this.showAlarm();
  }

  /** An emergency stays in view until staff close the conversation, whatever is said after it. */
  private showAlarm(): void {
    const on = this.transcript.all.some(
      ({ kind, role, key }) => kind === "emergency" && role !== "patient" && key > this.calmedAt,
    );
    const number = this.clinic.emergency_number;
    this.classList.toggle("alarming", on);
    write(this.callText, on ? HEAD.callNow(number) : HEAD.call(number));
    write(this.alarm, on ? HEAD.alarm : "");
  }

  private showStatus(): void {
    write(this.modeLine, this.modeWords());
    const { words, look } = this.activityWords();
    this.activity.className = `activity ${look}`;
    this.write(this.activity, words);
  }

  private modeWords(): string {
    const { mode, since } = this.state;
    if (mode === "waiting") return since ? STATE.waitingSince(clock(since)) : STATE.waiting;
    if (mode === "closed") return STATE.closed;
    if (mode === "assistant") return "";
    const staff = [...this.transcript.all].reverse().find(({ role }) => role === "staff");
    return STATE.staff(staff ? speaker(staff, this.clinic) : STATE.someone);
  }

  private activityWords(): { words: string; look: string } {
    const { phone, assistant_name } = this.clinic;
    if (this.link === "unreachable") return { words: TROUBLE.unreachable(phone), look: "trouble" };
    if (this.struggling) return { words: TROUBLE.struggling(phone), look: "trouble" };
    if (this.link === "reconnecting") return { words: TROUBLE.reconnecting, look: "trouble" };
    if (this.isSlow) return { words: TROUBLE.slow(phone), look: "trouble" };
    if (!this.state.typing) return { words: "", look: "" };
    const words = this.state.mode === "staff" ? STATE.clinicWriting : STATE.writing(assistant_name);
    return { words, look: "typing" };
  }

  /** For screen readers only. */
  private say(sentence: string): void {
    clearTimeout(this.sentTimer);
    this.whisper.textContent = sentence;
    this.sentTimer = window.setTimeout(() => {
      this.whisper.textContent = "";
    }, STATUS_MS);
  }

  private setFailure(sentence: string): void {
    this.write(this.failure, sentence);
  }

  /** Writes a sentence whose phone numbers can be called; only a change, or a live region would read it again. */
  private write(place: HTMLElement, sentence: string): void {
    if (place.textContent !== sentence) place.replaceChildren(...inline(sentence, [this.clinic.phone]));
  }
}

/** Plain words, written only when they change. */
function write(place: HTMLElement, words: string): void {
  if (place.textContent !== words) place.textContent = words;
}

customElements.define("aftercare-chat", AftercareChat);
