import { answered, type ApiClient } from "./client";
import type { components } from "./schema";
import type { Uuid } from "./types";

type Schemas = components["schemas"];

export type ProposalRow = Schemas["ProposalOut"];
export type ProposalState = Schemas["ProposalState"];
export type ProposalFigures = Schemas["ProposalFigures"];
export type ProposalWish = Schemas["ProposalInRequest"];

/** Divisions that the engine proposes: asked for, followed, cancelled before a worker begins. */
export function makeProposalApi(client: ApiClient) {
  return {
    proposals: () => answered(client.GET("/api/v1/console/divisions/proposals")),
    askForProposal: (body: ProposalWish) =>
      answered(client.POST("/api/v1/console/divisions/propose", { body })),
    cancelProposal: (proposal_id: Uuid) =>
      answered(
        client.POST("/api/v1/console/divisions/proposals/{proposal_id}/cancel", {
          params: { path: { proposal_id } },
        }),
      ),
  };
}
