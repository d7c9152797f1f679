import { type DisputeRow, nameOf, type RulingMove } from "@gridward/core";
import { useI18n } from "vue-i18n";

import { useText } from "../shell/useText";

/** Who sent a case back, who is asked, and whom a ruling names, in the language of the screen. */
export function useSides() {
  const { locale } = useI18n();
  const { t, say } = useText();
  const grid = (one: DisputeRow["from_grid"]): string => nameOf(one, locale.value);
  return {
    grid,
    sender: (one: DisputeRow): string =>
      one.from_department ? say(one.from_department.name) : grid(one.from_grid),
    asked: (one: DisputeRow): string =>
      one.proposed_department ? say(one.proposed_department.name) : grid(one.other_grid),
    owner: (one: DisputeRow): string =>
      one.ruling?.department ? say(one.ruling.department.name) : grid(one.ruling?.grid ?? null),
    /** What a division did to the ruling: still told, told with another grid's name, or no longer told and why. */
    moved: (one: DisputeRow, move: RulingMove): string => {
      const { division, dropped } = move;
      if (dropped) return t(`dispute.dropped.${dropped}`, { division });
      const isOther = move.grid !== null && move.grid.code !== one.ruling?.grid?.code;
      return isOther
        ? t("dispute.carriedTo", { division, grid: grid(move.grid) })
        : t("dispute.carried", { division });
    },
  };
}
