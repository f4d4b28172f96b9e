// <aftercare-chat>: the patient's chat. This file joins the parts; each part knows only its own work.

import { ApiError, openSession, readConversation, send, tell } from "./api";
import { Composer, hasKeyboard } from "./composer";
import { Connection, type Link } from "./connection";
import type { Clinic, Conversation, Message, Photo, Request, State } from "./contract";
import { ICONS, button, element, icon, telephone } from "./dom";
import { FirstScreen } from "./first_screen";
import { inFrame, onOpened, tellLoader } from "./frame_link";
import { LogView } from "./log_view";
import { clock, speaker } from "./message_view";
import { type Courier, Outbox, type Parcel, newClientId } from "./outbox";
import { PersonPanel } from "./person_panel";
import { photoAddress, sendPhotos } from "./photo_upload";
import { inline } from "./plain_text";
import { recall, remember } from "./tab_storage";
import { type Entry, Transcript } from "./transcript";
import { HEAD, LOG, PERSON, PHOTO, SEND, STATE, TROUBLE } from "./wording";

/** After this long without a reply the patient hears that it takes long, in ms. */
const SLOW_MS = 20_000;
/** How long "Message sent." stays in the status region for screen readers, in ms. */
const STATUS_MS = 4_000;
/** How often staff are told that the patient types; one sign counts for twice as long. */
const TYPING_EVERY_MS = 3_000;

class AftercareChat extends HTMLElement {
  private clinic!: Clinic;
  private state: State = { mode: "assistant", typing: false };
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
  private typingToldAt = 0;
  private seenTold = 0;

  private readonly transcript = new Transcript();
  private readonly courier: Courier = {
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
  };
  private readonly outbox = new Outbox(this.courier);
  /** Photos take their time, and words must not wait behind them. They are not kept on the device. */
  private readonly photos = new Outbox(this.courier, null);

  private readonly title_ = element("h1", { tabindex: "-1" });
  private readonly assistant = element("p");
  private readonly call = element("a", { class: "call" });
  private readonly callText = element("span");
  private readonly person = button("", "person", () => this.askPerson());
  private readonly print = button(HEAD.print, "small print", () => this.printCopy());
  private readonly alarm = element("p", { class: "alarm", role: "alert" });
  private readonly failure = element("p", { class: "failure", role: "alert" });
  private readonly modeLine = element("p", { class: "mode" });
  private readonly activity = element("p", { class: "activity" });
  private readonly whisper = element("p", { class: "unseen" });
  private readonly log = new LogView({
    again: (clientId) => {
      this.outbox.retry(clientId);
      this.photos.retry(clientId);
    },
    edit: (clientId) => this.takeBack(clientId),
    reply: (entry, index) => this.reply(entry, index),
    photo: (photo, size) => this.photoAddress(photo, size),
  });
  private readonly composer = new Composer(
    (text, photos) => (photos.length ? this.submitPhotos(text, photos) : this.submit({ text }, text, "text")),
    (sentence) => this.say(sentence),
    (sentence) => this.setFailure(sentence),
    () => this.typing(),
  );
  private readonly panel = new PersonPanel({
    leave: () => this.tell("leave"),
    contact: (text) => this.tell("contact", { contact: text }, PERSON.saved),
    rate: (stars, comment) => this.tell("rating", { stars, comment }, PERSON.saved),
    failed: (error) => error instanceof ApiError && this.setFailure(error.message || TROUBLE.refused),
  });
  private first!: FirstScreen;

  connectedCallback(): void {
    const { clinicName = "", phone = "", emergencyNumber = "", urgentLine = "", assistantName = "", printedCopy } = this.dataset;
    this.clinic = {
      name: clinicName,
      phone,
      emergency_number: emergencyNumber,
      urgent_line: urgentLine,
      assistant_name: assistantName,
      printed_copy: printedCopy !== undefined,
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
      this.panel.root,
      this.composer.root,
    );
    this.replaceChildren(
      element("header", { class: "head" }, name, this.print),
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
      this.photos.retryAll();
      this.tellSeen();
    };
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", (event) => event.persisted && wake());
    window.addEventListener("beforeunload", (event) => {
      if (this.photos.holds) event.preventDefault();
    });
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
    this.seenTold = 0;
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

  private submitPhotos(text: string, photos: File[]): void {
    const clientId = newClientId();
    const shown = text || PHOTO.sent(photos.length);
    const previews = photos.map((file) => ({ id: null, width: 0, height: 0, preview: URL.createObjectURL(file) }));
    this.transcript.queue(clientId, shown, "photo", previews);
    this.setFailure("");
    this.show();
    this.photos.add({ clientId, text: shown, asked: { photos, text } });
  }

  private photoAddress({ id, preview }: Photo, size: "full" | "thumbnail"): string | Promise<string> {
    if (id === null) return preview ?? "";
    return photoAddress(this.token ?? "", id, size);
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

  private async tell(what: string, body: Record<string, unknown> = {}, done = ""): Promise<void> {
    if (!this.token) return;
    await tell(this.token, what, body);
    this.setFailure("");
    this.say(done);
  }

  private typing(): void {
    const now = Date.now();
    if (!this.token || !["waiting", "staff"].includes(this.state.mode) || now - this.typingToldAt < TYPING_EVERY_MS) return;
    this.typingToldAt = now;
    this.whisperToServer("typing", {});
  }

  /** Staff learn that what they wrote was on a screen that somebody looks at. */
  private tellSeen(): void {
    if (document.visibilityState !== "visible") return;
    const last = this.transcript.lastOfStaff;
    if (last <= this.seenTold) return;
    this.seenTold = last;
    this.whisperToServer("seen", { seq: last });
  }

  /** What the patient did not ask for and need not hear of: where it fails, the next sign makes up for it. */
  private whisperToServer(what: string, body: Record<string, unknown>): void {
    if (this.token) tell(this.token, what, body).catch(() => undefined);
  }

  private takeBack(clientId: string): void {
    const parcel = this.outbox.drop(clientId) ?? this.photos.drop(clientId);
    this.transcript.withdraw(clientId);
    this.setFailure("");
    this.show();
    if (!parcel) return;
    const { asked, text } = parcel;
    if (asked !== "person" && "photos" in asked) this.composer.restore(asked.text, asked.photos);
    else this.composer.restore(text);
  }

  private async deliver(parcel: Parcel) {
    const token = await this.session();
    try {
      return await this.post(token, parcel);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "button") parcel.asked = { text: parcel.text };
      else if (!error.sessionEnded) throw error;
      else if (this.token === token) this.endSession();
      return this.post(await this.session(), parcel);
    }
  }

  private post(token: string, { clientId, asked }: Parcel) {
    if (asked === "person" || !("photos" in asked)) return send(token, clientId, asked);
    return sendPhotos(token, clientId, asked.photos, asked.text, (part) => {
      if (this.transcript.uploaded(clientId, part)) this.show();
    });
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

  private takeState(state: State): void {
    this.state = state;
    if (state.mode === "closed") this.calmedAt = Math.max(this.calmedAt, ...this.transcript.all.map(({ key }) => key));
    this.panel.show(state);
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
      this.photos.retryAll();
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
    this.showPrint();
    this.tellSeen();
    this.showStatus();
    this.showAlarm();
  }

  private showPrint(): void {
    this.print.hidden = !this.token || !this.clinic.printed_copy || !this.transcript.all.some(({ seq }) => seq !== null);
  }

  /** In a tab of its own. The token travels in a form, so that no address leads to the conversation. */
  private printCopy(): void {
    const token = element("input", { type: "hidden", name: "token", value: this.token ?? "" });
    const form = element("form", { method: "post", action: "/chat/copy", target: "_blank", hidden: "" }, token);
    document.body.append(form);
    form.submit();
    form.remove();
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
    const { mode, since, position, opens_at, staff_name } = this.state;
    if (mode === "waiting") {
      const told = since ? STATE.waitingSince(clock(since)) : STATE.waiting;
      const wait = opens_at ? STATE.closedUntil(clock(opens_at)) : position ? STATE.place(position) : "";
      return [told, wait].filter(Boolean).join(" ");
    }
    if (mode === "closed") return STATE.closed;
    if (mode === "assistant") return "";
    if (staff_name) return STATE.staff(staff_name);
    const staff = [...this.transcript.all].reverse().find(({ role }) => role === "staff");
    return STATE.staff(staff ? speaker(staff, this.clinic) : STATE.someone);
  }

  private activityWords(): { words: string; look: string } {
    const { phone, assistant_name } = this.clinic;
    if (this.link === "unreachable") return { words: TROUBLE.unreachable(phone), look: "trouble" };
    if (this.struggling) return { words: TROUBLE.struggling(phone), look: "trouble" };
    if (this.link === "reconnecting") return { words: TROUBLE.reconnecting, look: "trouble" };
    if (this.isSlow) return { words: TROUBLE.slow(phone), look: "trouble" };
    if (this.state.staff_typing && this.state.staff_name)
      return { words: STATE.staffWriting(this.state.staff_name), look: "typing" };
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
