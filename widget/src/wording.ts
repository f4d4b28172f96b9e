// Every sentence the page itself says. Short words, one thought a sentence (reading grade 6 or lower).

export const NAMES = { patient: "You", system: "System" };

export const FIRST = {
  hello: (clinic: string) => `Hello. I can help with questions about your skin after a treatment at ${clinic}.`,
  example: "Ask in your own words, like: “Day 3, small white bumps. Is this normal?”",
  privacy: (emergency: string) =>
    `This is an assistant, not a person. Please do not send names. You can add photos for the clinic team, who can read this chat. The assistant cannot look at them. If this is an emergency, call ${emergency}.`,
  when: "When was your treatment?",
  optional: "You do not have to say. You can just type below.",
  days: ["Today", "Yesterday", "2 days ago", "3 days ago"],
  other: "Another day",
  date: "Treatment date",
  save: "Save",
  skip: "Skip",
  change: "Change",
  noted: (date: string, ago: string) => `Treatment: ${date} (${ago})`,
  invalid: "Please pick a day that is not in the future.",
};

export function daysAgo(days: number): string {
  return FIRST.days[days]?.toLowerCase() ?? `${days} days ago`;
}

export const HEAD = {
  call: (number: string) => `Emergency? Call ${number}`,
  callNow: (number: string) => `Call ${number} now`,
  alarm: "You may need help right now. Do not wait for a reply here.",
  person: "Talk to a person",
  withPerson: "A person is here",
  print: "Print chat",
  askPerson: "I would like to talk to a person.",
};

export const LOG = {
  label: "Chat messages",
  newMessages: "New messages",
  emergency: "Emergency",
  urgent: "Urgent",
  sources: (count: number) => `Sources (${count})`,
  replies: "Quick replies",
  ended: "Your last chat has ended. You can go on here in a new chat. It may ask you some things again.",
};

export const TIMELINE = {
  caption: "What to expect, day by day",
  today: (day: number) => `Today, day ${day}`,
};

export const SEND = {
  label: "Your message",
  hint: "Your question",
  button: "Send",
  sending: "Sending…",
  sent: "Sent",
  again: "Try again",
  edit: "Change it",
  left: (count: number) => `${count} characters left`,
  over: (count: number) => `${count} characters too long. Please make it shorter.`,
  announceSent: "Message sent.",
};

export const PHOTO = {
  add: "Add photos",
  tray: "Photos to send",
  note: "Photos are for the clinic team. The assistant cannot look at them.",
  chosen: (place: number, count: number) => `Photo ${place} of ${count}, not sent yet`,
  remove: (place: number) => `Remove photo ${place}`,
  removed: "Photo removed.",
  added: (count: number) => (count === 1 ? "1 photo ready to send." : `${count} photos ready to send.`),
  sent: (count: number) => (count === 1 ? "Sent a photo." : `Sent ${count} photos.`),
  yours: (place: number, count: number) => (count === 1 ? "Photo you sent" : `Photo you sent, ${place} of ${count}`),
  sending: (percent: number) => `Sending photo… ${percent} %`,
  checking: "Sent. Checking the photo…",
  close: "Close photo",
  missing: "This photo cannot be shown.",
  noPreview: "No preview",
  tooBig: (name: string) => `“${name}” is too big. The limit is 15 MB for a photo.`,
  empty: (name: string) => `“${name}” is empty. Please choose another photo.`,
  notAPhoto: (name: string) => `“${name}” is not a photo.`,
  tooMany: (most: number) => `You can send ${most} photos at a time. Send these first, then add more.`,
  place: (place: number) => `Photo ${place}:`,
};

const orCall = (phone: string) => (phone ? ` You can call the clinic on ${phone}.` : "");

export const TROUBLE = {
  notSent: "Not sent.",
  notSentNow: (phone: string) =>
    phone ? `Your message was not sent. Try again, or call the clinic on ${phone}.` : "Your message was not sent. Try again.",
  struggling: (phone: string) => `Still trying to send.${orCall(phone)}`,
  tooMany: "That was a lot at once. Please wait a moment, then try again.",
  refused: "This message could not be taken. Please change it and send it again.",
  reconnecting: "Connection lost. Trying again…",
  unreachable: (phone: string) => `We cannot reach the chat right now. We keep trying.${orCall(phone)}`,
  slow: (phone: string) => `This takes longer than it should.${orCall(phone)}`,
};

export const STATE = {
  writing: (name: string) => `${name} is writing…`,
  clinicWriting: "The clinic is writing…",
  waiting: "The clinic team has been told. You can keep writing.",
  waitingSince: (time: string) => `The clinic team was told at ${time}. You can keep writing.`,
  place: (position: number) => (position === 1 ? "You are next." : `You are number ${position} in line.`),
  closedUntil: (time: string) => `The clinic is closed until ${time}.`,
  staffWriting: (name: string) => `${name} is writing…`,
  staff: (name: string) => `You are talking to ${name.replace(/^A (?=\p{Ll})/u, "a ")}.`,
  someone: "a person from the clinic",
  closed: "This chat is closed. Write to open it again.",
};

export const PERSON = {
  label: "The clinic team",
  leave: "Stop waiting",
  contact: "Leave a phone number or email",
  contactLabel: "Phone number or email. Only the clinic team sees it.",
  contactSave: "Save",
  contactLeft: "The team knows how to reach you.",
  rate: "How was the help you got?",
  stars: (count: number) => `${count} of 5: `,
  comment: "Anything to add? You do not have to.",
  rateSave: "Send rating",
  saved: "Saved. Thank you.",
};
