import { action, oneCase } from "./case.zh-Hans";
import { correct } from "./correct.zh-Hans";
import { dispute } from "./dispute.zh-Hans";
import { division } from "./division.zh-Hans";
import { duty } from "./duty.zh-Hans";
import { layer } from "./layer.zh-Hans";
import { map } from "./map.zh-Hans";
import { maps } from "./maps.zh-Hans";
import { plan } from "./plan.zh-Hans";
import { product } from "./product.zh-Hans";
import { propose } from "./propose.zh-Hans";
import { queue, summary } from "./queue.zh-Hans";
import { replan } from "./replan.zh-Hans";
import { rule } from "./rule.zh-Hans";
import { app, keys, live, login, nav, notices, shell } from "./shell.zh-Hans";
import { statistics } from "./statistics.zh-Hans";
import { tracks } from "./tracks.zh-Hans";
import { unseen } from "./unseen.zh-Hans";
import { why } from "./why.zh-Hans";
import { workers } from "./workers.zh-Hans";

export const messages = {
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
} as const;
