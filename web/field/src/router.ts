import { createRouter, createWebHashHistory, type Router } from "vue-router";

import CasePage from "./screens/CasePage.vue";
import Disputes from "./screens/Disputes.vue";
import DutyPage from "./screens/DutyPage.vue";
import FlaggedPage from "./screens/FlaggedPage.vue";
import Login from "./screens/Login.vue";
import Me from "./screens/Me.vue";
import Missing from "./screens/Missing.vue";
import NoticesPage from "./screens/NoticesPage.vue";
import Outbox from "./screens/Outbox.vue";
import Report from "./screens/Report.vue";
import StopPage from "./screens/StopPage.vue";
import Today from "./screens/Today.vue";
import TrackersPage from "./screens/TrackersPage.vue";
import Week from "./screens/Week.vue";

/**
 * All screens are in the first load: without a network nothing can be fetched when the worker turns the page.
 * Addresses live behind the `#`. Without a worker on this phone only the login is shown.
 */
export function makeRouter(hasWorker: () => boolean): Router {
  const router = createRouter({
    history: createWebHashHistory(),
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: "/", redirect: { name: "today" } },
      { path: "/login", name: "login", component: Login },
      { path: "/today", name: "today", component: Today },
      { path: "/week", name: "week", component: Week },
      { path: "/report", name: "report", component: Report },
      { path: "/outbox", name: "outbox", component: Outbox },
      { path: "/notices", name: "notices", component: NoticesPage },
      { path: "/disputes", name: "disputes", component: Disputes },
      { path: "/duty", name: "duty", component: DutyPage },
      { path: "/flagged", name: "flagged", component: FlaggedPage },
      { path: "/trackers", name: "trackers", component: TrackersPage },
      { path: "/me", name: "me", component: Me },
      { path: "/stops/:id", name: "stop", props: true, component: StopPage },
      { path: "/cases/:id", name: "case", props: true, component: CasePage },
      { path: "/:rest(.*)*", name: "missing", component: Missing },
    ],
  });
  router.beforeEach((to) => (to.name === "login" || hasWorker() ? true : { name: "login" }));
  return router;
}
