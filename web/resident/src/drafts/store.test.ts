import "fake-indexeddb/auto";

import { expect, it } from "vitest";

import { newBooking } from "./draft";
import { drafts, receipts, type KeptReceipt } from "./store";

it("gives an unfinished report back, with its photos, under the same id", async () => {
  const started = await drafts.openReport();
  const photos = [{ id: "p", blob: new Blob(["abc"]), takenAt: "2026-11-23T09:00:00Z", claim: "c" }];
  await drafts.save({ ...started, photos, description: "垃圾没人收" });
  const found = await drafts.openReport();
  expect(found).toMatchObject({ id: started.id, description: "垃圾没人收" });
  expect(found.photos[0]).toMatchObject({ id: "p", claim: "c" });
  await drafts.remove(started.id);
  expect((await drafts.openReport()).id).not.toBe(started.id);
});

it("gives a booking back only for its own matter", async () => {
  await drafts.save({ ...newBooking("b1", "2026-11-23T09:00:00Z"), matterId: "pension" });
  expect((await drafts.openBooking("pension")).id).toBe("b1");
  expect((await drafts.openBooking("newborn")).id).not.toBe("b1");
  expect((await drafts.newest())?.id).toBe("b1");
});

it("remembers what was sent from this device until it is told to forget", async () => {
  const receipt = (number: string, at: string): KeptReceipt => ({
    number,
    code: "K7M4",
    id: number,
    matterName: { zh: "", en: "" },
    grid: null,
    responsible: null,
    post: null,
    department: null,
    dueAt: null,
    reason: null,
    window: null,
    at,
  });
  await receipts.keep(receipt("1", "2026-11-22T09:00:00Z"));
  await receipts.keep(receipt("2", "2026-11-23T09:00:00Z"));
  expect((await receipts.all()).map((one) => one.number)).toEqual(["2", "1"]);
  await receipts.remove("1");
  expect(await receipts.find("1")).toBeUndefined();
});
