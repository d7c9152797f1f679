import { expect, it } from "vitest";

import { shownActions } from "./actions";

const FROM_SERVER = [
  { action: "accept", needs: [], disabled_reason: null },
  { action: "submit", needs: [], disabled_reason: "not_in_this_state" },
  { action: "hand_back", needs: [], disabled_reason: "not_in_this_state" },
  { action: "dispute", needs: ["note"], disabled_reason: null },
  { action: "note", needs: ["note"], disabled_reason: null },
];
const open = (unsent: string[]) =>
  shownActions(FROM_SERVER, unsent)
    .filter((one) => one.disabledReason === null)
    .map((one) => `${one.action}:${one.needs.join("+")}`);

it("offers what the server offers", () => {
  expect(open([])).toEqual(["accept:", "note:note", "dispute:note"]);
  expect(shownActions(FROM_SERVER, [])[0]?.disabledReason).toBe("not_in_this_state");
});

it("lets the worker go on behind an unsent accept", () => {
  expect(open(["accept"])).toEqual(["submit:", "note:note", "hand_back:note", "dispute:note"]);
});

it("offers nothing behind a step that ends the worker's part", () => {
  expect(open(["accept", "submit"])).toEqual([]);
});
