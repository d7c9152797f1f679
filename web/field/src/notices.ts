import { makeNotices } from "@gridward/core/phone";

import { transport } from "./api";

export const notices = makeNotices(transport);
