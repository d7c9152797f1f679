import type { Translated } from "@gridward/core";
import { phoneEn } from "@gridward/core/phone";

import { oneCase, state } from "./case.en";
import { correct } from "./correct.en";
import { dispute } from "./dispute.en";
import { duty } from "./duty.en";
import { flagged } from "./flagged.en";
import { login } from "./login.en";
import { me } from "./me.en";
import { outbox } from "./outbox.en";
import { patrol } from "./patrol.en";
import { report } from "./report.en";
import { app } from "./shell.en";
import { stop } from "./stop.en";
import { round, today } from "./today.en";
import { trackers } from "./trackers.en";
import { week } from "./week.en";
import type { messages as zh } from "./zh-Hans";

export const messages: Translated<typeof zh> = {
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
  phone: phoneEn,
  report,
  round,
  state,
  stop,
  today,
  trackers,
  week,
};
