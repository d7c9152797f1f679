import { answered, type ApiClient } from "./client";
import type { components } from "./schema";
import type { Uuid } from "./types";

type Schemas = components["schemas"];

export type RuleRow = Schemas["RuleRow"];
export type RuleList = Schemas["RuleList"];
export type RuleCategory = Schemas["MatterCategory"];
export type RuleState = Schemas["RuleState"];
export type RuleTarget = Schemas["RuleTarget"];
export type RuleAction = Schemas["RuleAction"];
export type RuleVersion = Schemas["RuleVersionOut"];
/** Rules as they stood at the moment of each case, or as they stand today. */
export type ThenOrToday = Schemas["ThenOrToday"];
export type RuleBody = Schemas["RuleInRequest"];
export type RuleMove = Schemas["RuleMove"];
export type RuleEffect = Schemas["RuleEffectOut"];
export type RuleTrial = Schemas["RuleTrialOut"];

/** One change of the table: `version` is the one that was seen, `rule` goes with created and changed. */
export interface RuleChange {
  id: Uuid;
  action: RuleAction;
  version: number | null;
  rule: RuleBody | null;
}

/** The rules that go before the grid: changes are previewed, tried on the past, carried out. */
export function makeRuleApi(client: ApiClient) {
  return {
    rules: () => answered(client.GET("/api/v1/console/rules")),
    rule: (rule_id: Uuid) =>
      answered(client.GET("/api/v1/console/rules/{rule_id}", { params: { path: { rule_id } } })),
    previewRule: (body: RuleChange) => answered(client.POST("/api/v1/console/rules/preview", { body })),
    tryRule: (
      body: RuleChange & { start: string; end: string; rules: ThenOrToday; offset: number; limit: number },
    ) => answered(client.POST("/api/v1/console/rules/trial", { body })),
    carryOutRule({ id, action, version, rule }: RuleChange, more: { move_open: boolean; stamp: string }) {
      if (action === "created" && rule) {
        return answered(client.POST("/api/v1/console/rules", { body: { id, rule, ...more } }));
      }
      return answered(
        client.POST("/api/v1/console/rules/{rule_id}/changes", {
          params: { path: { rule_id: id } },
          body: { action: action as Exclude<RuleAction, "created">, version, rule, ...more },
        }),
      );
    },
  };
}
