import type { BookingBody, PointBody, ReportBody } from "../api";

/** A photo of a draft; `claim` is what the server gave for it, null while it is only on this device. */
export interface DraftPhoto {
  id: string;
  blob: Blob;
  takenAt: string;
  claim: string | null;
}

export interface DraftPlace {
  lon: number;
  lat: number;
  /** Null for a point that was chosen on the map. */
  accuracyM: number | null;
}

interface DraftBase {
  /** Becomes the id of the report, so that sending twice makes one report. */
  id: string;
  savedAt: string;
  matterId: string | null;
  matterName: { zh: string; en: string } | null;
  place: DraftPlace | null;
  address: string;
  contactName: string;
  contactPhone: string;
  /** Sent, but no answer came: the server may have it. Until that is clear the draft must not change. */
  unanswered: boolean;
}

export interface ReportDraft extends DraftBase {
  kind: "report";
  photos: DraftPhoto[];
  description: string;
}

export interface BookingDraft extends DraftBase {
  kind: "booking";
  slot: { start: string; end: string } | null;
  note: string;
  answers: Record<string, string | boolean>;
}

export type Draft = ReportDraft | BookingDraft;

export function newReport(id: string, now: string): ReportDraft {
  return { ...emptyBase(id, now), kind: "report", photos: [], description: "" };
}

export function newBooking(id: string, now: string): BookingDraft {
  return { ...emptyBase(id, now), kind: "booking", slot: null, note: "", answers: {} };
}

function emptyBase(id: string, now: string): DraftBase {
  return {
    id,
    savedAt: now,
    matterId: null,
    matterName: null,
    place: null,
    address: "",
    contactName: "",
    contactPhone: "",
    unanswered: false,
  };
}

/** Shortest description that tells anybody anything. */
export const MIN_WORDS = 2;

export type ReportGap = "place" | "matter" | "description" | "phone";
export type BookingGap = "place" | "address" | "slot" | "name" | "phone" | "answers";

/** Mainland mobile or landline, as people type it; empty is allowed where a phone is not required. */
export function isPhone(value: string): boolean {
  return /^(\+?86)?1[3-9]\d{9}$/.test(compact(value)) || /^0\d{2,3}\d{7,8}$/.test(compact(value));
}

/** Without the spaces and dashes that people put between the digits. */
export function compact(phone: string): string {
  return phone.replace(/[\s-]/g, "");
}

/** What the report still needs, in the order of the steps; photo and contact may stay empty. */
export function reportGaps(draft: ReportDraft): ReportGap[] {
  const gaps: ReportGap[] = [];
  if (draft.place === null) gaps.push("place");
  if (draft.matterId === null) gaps.push("matter");
  if (draft.description.trim().length < MIN_WORDS) gaps.push("description");
  if (draft.contactPhone !== "" && !isPhone(draft.contactPhone)) gaps.push("phone");
  return gaps;
}

/** What the booking still needs, in the order of the steps. `required` are the names of the matter's required fields. */
export function bookingGaps(draft: BookingDraft, required: readonly string[]): BookingGap[] {
  const gaps: BookingGap[] = [];
  if (draft.place === null) gaps.push("place");
  if (draft.address.trim() === "") gaps.push("address");
  if (draft.slot === null) gaps.push("slot");
  if (draft.contactName.trim() === "") gaps.push("name");
  if (!isPhone(draft.contactPhone)) gaps.push("phone");
  if (required.some((name) => (draft.answers[name] ?? "") === "")) gaps.push("answers");
  return gaps;
}

/** Anything worth keeping? An untouched draft is not. */
export function isStarted(draft: Draft): boolean {
  const common = draft.matterId !== null || draft.place !== null || draft.address !== "";
  return draft.kind === "report"
    ? common || draft.photos.length > 0 || draft.description !== ""
    : common || draft.slot !== null;
}

/** The request body of a report without gaps whose photos are uploaded. */
export function reportBody(draft: ReportDraft): ReportBody {
  const phone = compact(draft.contactPhone);
  const name = draft.contactName.trim();
  return {
    id: draft.id,
    matter: draft.matterId ?? "",
    description: draft.description.trim(),
    location: pointOf(draft.place),
    address: draft.address.trim(),
    contact: phone === "" && name === "" ? null : { name, phone },
    photos: draft.photos.map(({ id, claim }) => ({ id, claim: claim ?? "" })),
  };
}

/** The request body of a booking without gaps. */
export function bookingBody(draft: BookingDraft): BookingBody {
  return {
    id: draft.id,
    matter: draft.matterId ?? "",
    location: pointOf(draft.place),
    address: draft.address.trim(),
    slot: draft.slot ?? { start: "", end: "" },
    contact: { name: draft.contactName.trim(), phone: compact(draft.contactPhone) },
    note: draft.note.trim(),
    answers: draft.answers,
  };
}

/** Browsers and our own map speak WGS 84. Raises when there is no place yet. */
export function pointOf(place: DraftPlace | null): PointBody {
  if (place === null) throw new Error("the draft has no place yet");
  return { lon: place.lon, lat: place.lat, crs: "wgs84", accuracy_m: place.accuracyM };
}
