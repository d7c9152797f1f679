import { createRouter, createWebHistory } from "vue-router";

import { useSession } from "./stores/session";

export const router = createRouter({
  history: createWebHistory(import.meta.env.BASE_URL),
  routes: [
    {
      path: "/login",
      name: "login",
      component: () => import("./shell/LoginScreen.vue"),
      meta: { open: true },
    },
    { path: "/", name: "overview", component: () => import("./shell/OverviewScreen.vue") },
    { path: "/plan", name: "plan", component: () => import("./plan/PlanScreen.vue") },
    { path: "/duty", name: "duty", component: () => import("./duty/DutyScreen.vue") },
    { path: "/disputes", name: "disputes", component: () => import("./dispute/DisputesScreen.vue") },
    { path: "/divisions", name: "divisions", component: () => import("./division/DivisionsScreen.vue") },
    { path: "/divisions/import", name: "layer", component: () => import("./division/LayerScreen.vue") },
    { path: "/divisions/:id", name: "division", component: () => import("./division/DivisionEditor.vue") },
    { path: "/rules", name: "rules", component: () => import("./rule/RulesScreen.vue") },
    { path: "/tracks/unseen", name: "unseen", component: () => import("./tracks/UnseenScreen.vue") },
    { path: "/tracks", name: "tracks", component: () => import("./tracks/TracksScreen.vue") },
    {
      path: "/statistics",
      name: "statistics",
      component: () => import("./statistics/StatisticsScreen.vue"),
    },
    { path: "/:rest(.*)*", redirect: { name: "overview" } },
  ],
});

router.beforeEach(async (to) => {
  const session = useSession();
  if (!session.known) await session.load().catch(() => undefined);
  if (to.meta["open"] === true) return session.mayEnter ? { name: "overview" } : true;
  return session.mayEnter ? true : { name: "login", query: to.path === "/" ? {} : { to: to.fullPath } };
});
