import { phoneZh } from "@gridward/core/phone";

import { oneCase, state } from "./case.zh-Hans";
import { correct } from "./correct.zh-Hans";
import { dispute } from "./dispute.zh-Hans";
import { duty } from "./duty.zh-Hans";
import { flagged } from "./flagged.zh-Hans";
import { login } from "./login.zh-Hans";
import { me } from "./me.zh-Hans";
import { outbox } from "./outbox.zh-Hans";
import { patrol } from "./patrol.zh-Hans";
import { report } from "./report.zh-Hans";
import { app } from "./shell.zh-Hans";
import { stop } from "./stop.zh-Hans";
import { round, today } from "./today.zh-Hans";
import { trackers } from "./trackers.zh-Hans";
import { week } from "./week.zh-Hans";

export const messages = {
  app,
  case: oneCase,
  correct,
  dispute,
  duty,
  flagged,
  login,
  me,
  outbox,
  patrol,
  phone: phoneZh,
  report,
  round,
  state,
  stop,
  today,
  trackers,
  week,
} as const;
