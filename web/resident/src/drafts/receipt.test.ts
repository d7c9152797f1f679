import { expect, it } from "vitest";

import type { Booked, Report } from "../api";
import { newBooking, newReport } from "./draft";
import { receiptOf } from "./receipt";

const REPORT: Report = {
  id: "c",
  number: "3302822026112500017",
  tracking_code: "K7QX2M",
  state: "reported",
  stage: "filing",
  matter: { id: "m", name: { zh: "暴露垃圾", en: "Exposed garbage" } },
  grid: { code: "330282002011001", name: "银杏社区第一网格", name_en: "Yinxing Grid 1" },
  responsible: { name_masked: "王*", post: "leader" },
  department: null,
  due_at: null,
  decision: null,
  created_at: "2026-11-25T08:00:00Z",
};

it("keeps the code of a report, which is the only way back to it", () => {
  const kept = receiptOf(newReport("c", ""), REPORT);
  expect([kept.code, kept.window, kept.gridEn]).toEqual(["K7QX2M", null, "Yinxing Grid 1"]);
  expect(kept.matterName.en).toBe("Exposed garbage");
});

it("keeps the window of a booking, and no code: it is in the account", () => {
  const window = { start: "2026-11-26T09:00:00+08:00", end: "2026-11-26T10:00:00+08:00" };
  const booked: Booked = { ...REPORT, appointment: { id: "a", window, state: "booked", arrival: null } };
  const kept = receiptOf(newBooking("c", ""), booked);
  expect([kept.code, kept.window]).toEqual([null, window]);
});
