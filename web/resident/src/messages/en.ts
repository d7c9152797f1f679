import type { Translated } from "@gridward/core";

import type { messages as zh } from "./zh-Hans";

export const messages: Translated<typeof zh> = {
  app: { title: "Residents" },
};
