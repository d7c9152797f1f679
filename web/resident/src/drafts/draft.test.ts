import { describe, expect, it } from "vitest";

import {
  bookingBody,
  bookingGaps,
  isPhone,
  isStarted,
  newBooking,
  newReport,
  reportBody,
  reportGaps,
} from "./draft";

const NOW = "2026-11-23T09:00:00Z";
const PLACE = { lon: 121.17, lat: 30.05, accuracyM: 12 };
const report = { ...newReport("r1", NOW), matterId: "m", place: PLACE, description: "垃圾没人收" };
const booking = {
  ...newBooking("b1", NOW),
  matterId: "m",
  place: PLACE,
  address: "桂花路 8 号 2 幢 301",
  slot: { start: "2026-11-25T09:00:00+08:00", end: "2026-11-25T11:00:00+08:00" },
  contactName: "李四",
  contactPhone: "138 0000 1234",
};

describe("a report", () => {
  it("needs a place, a kind and words; photo, name and phone may stay empty", () => {
    expect(reportGaps(newReport("r1", NOW))).toEqual(["place", "matter", "description"]);
    expect(reportGaps(report)).toEqual([]);
  });

  it("does not take a phone number that nobody can call", () => {
    expect(reportGaps({ ...report, contactPhone: "123" })).toEqual(["phone"]);
  });

  it("names the coordinate system and leaves the contact out when there is none", () => {
    expect(reportBody(report)).toMatchObject({
      id: "r1",
      location: { lon: 121.17, lat: 30.05, crs: "wgs84", accuracy_m: 12 },
      contact: null,
    });
    expect(reportBody({ ...report, contactPhone: "138-0000-1234" }).contact).toEqual({
      name: "",
      phone: "13800001234",
    });
  });
});

describe("a booking", () => {
  it("needs place, address, time and somebody to call", () => {
    expect(bookingGaps(newBooking("b1", NOW), ["insured"])).toEqual([
      "place",
      "address",
      "slot",
      "name",
      "phone",
      "answers",
    ]);
    expect(bookingGaps(booking, [])).toEqual([]);
  });

  it("asks for the required answers only", () => {
    expect(bookingGaps(booking, ["insured"])).toEqual(["answers"]);
    expect(bookingGaps({ ...booking, answers: { insured: false } }, ["insured"])).toEqual([]);
  });

  it("sends the window that was chosen", () => {
    expect(bookingBody(booking)).toMatchObject({ slot: booking.slot, contact: { phone: "13800001234" } });
  });
});

it.each([
  ["13800001234", true],
  ["+86 138 0000 1234", true],
  ["0574-62701234", true],
  ["12345", false],
  ["23800001234", false],
  ["", false],
])("knows %s as a phone number: %s", (value, known) => expect(isPhone(value)).toBe(known));

it("keeps no untouched draft", () => {
  expect(isStarted(newReport("r1", NOW))).toBe(false);
  expect(isStarted(report)).toBe(true);
  expect(isStarted(newBooking("b1", NOW))).toBe(false);
});
