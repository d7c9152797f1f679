import type { FieldCase, Matter } from "../api";
import type { Payload } from "../outbox/outbox";

interface Spot {
  readonly lon: number;
  readonly lat: number;
}

/** What the worker says is right; null: as the case has it. `accuracyM` only where the phone's own position was taken. */
export interface Right {
  readonly spot: (Spot & { readonly accuracyM: number | null }) | null;
  readonly matter: Matter | null;
  readonly address: string;
  /** A booked visit may be given back where it can't go along; asked beforehand, for the phone may be offline. */
  readonly rebook: boolean;
}

const METRES_PER_DEGREE = 111_320;

/** How far the pin was moved, in metres: for a person, to about one part in a thousand. */
export function shiftedM(from: Spot, to: Spot): number {
  const northM = (to.lat - from.lat) * METRES_PER_DEGREE;
  const eastM = (to.lon - from.lon) * METRES_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180);
  return Math.hypot(northM, eastM);
}

export function asItIs(item: FieldCase): Right {
  return { spot: null, matter: null, address: item.address, rebook: false };
}

/** Whether a visit is booked that a correction has to settle. */
export function hasVisit(item: FieldCase): boolean {
  return item.appointment?.state === "booked";
}

/** Whether anything is otherwise than the case has it; a new address alone moves nothing. */
export function saysMore(right: Right): boolean {
  return right.spot !== null || right.matter !== null;
}

/** The payload of `correct_case`. */
export function correctionOf(item: FieldCase, right: Right, note: string): Payload {
  const { spot } = right;
  const address = right.address.trim();
  return {
    case_id: item.id,
    version: item.version,
    note: note.trim(),
    location: spot && { lon: spot.lon, lat: spot.lat, crs: "wgs84", accuracy_m: spot.accuracyM },
    address: address === item.address ? null : address,
    matter: right.matter?.id ?? null,
    rebook: right.rebook,
  };
}
