import { expect, it } from "vitest";

import { dutyLine } from "./why";

it("reads a line of the duty chain", () => {
  expect(dutyLine("worker:worker009:absent")).toEqual({
    post: "worker",
    username: "worker009",
    absent: true,
  });
  expect(dutyLine("leader:leader021")).toEqual({ post: "leader", username: "leader021", absent: false });
});
