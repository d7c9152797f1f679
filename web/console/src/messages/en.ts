import type { Translated } from "@gridward/core";

import { action, oneCase } from "./case.en";
import { correct } from "./correct.en";
import { dispute } from "./dispute.en";
import { division } from "./division.en";
import { duty } from "./duty.en";
import { layer } from "./layer.en";
import { map } from "./map.en";
import { maps } from "./maps.en";
import { plan } from "./plan.en";
import { product } from "./product.en";
import { propose } from "./propose.en";
import { queue, summary } from "./queue.en";
import { replan } from "./replan.en";
import { rule } from "./rule.en";
import { app, keys, live, login, nav, notices, shell } from "./shell.en";
import { statistics } from "./statistics.en";
import { tracks } from "./tracks.en";
import { unseen } from "./unseen.en";
import { why } from "./why.en";
import { workers } from "./workers.en";
import type { messages as zh } from "./zh-Hans";

export const messages: Translated<typeof zh> = {
  action,
  app,
  case: oneCase,
  correct,
  dispute,
  division,
  duty,
  keys,
  layer,
  live,
  login,
  map,
  maps,
  nav,
  notices,
  plan,
  product,
  propose,
  queue,
  replan,
  rule,
  shell,
  statistics,
  summary,
  tracks,
  unseen,
  why,
  workers,
};
