import { createRouter, createWebHashHistory, type Router } from "vue-router";

import Today from "./screens/Today.vue";

/** Addresses live behind the `#`. Without a worker on this phone only the login is shown. */
export function makeRouter(hasWorker: () => boolean): Router {
  const router = createRouter({
    history: createWebHashHistory(),
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
    routes: [
      { path: "/", redirect: { name: "today" } },
      { path: "/login", name: "login", component: () => import("./screens/Login.vue") },
      { path: "/today", name: "today", component: Today },
      { path: "/week", name: "week", component: () => import("./screens/Week.vue") },
      { path: "/report", name: "report", component: () => import("./screens/Report.vue") },
      { path: "/outbox", name: "outbox", component: () => import("./screens/Outbox.vue") },
      { path: "/me", name: "me", component: () => import("./screens/Me.vue") },
      { path: "/stops/:id", name: "stop", props: true, component: () => import("./screens/StopPage.vue") },
      { path: "/cases/:id", name: "case", props: true, component: () => import("./screens/CasePage.vue") },
      { path: "/:rest(.*)*", name: "missing", component: () => import("./screens/Missing.vue") },
    ],
  });
  router.beforeEach((to) => (to.name === "login" || hasWorker() ? true : { name: "login" }));
  return router;
}
