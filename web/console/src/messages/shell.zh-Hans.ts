export const app = { title: "指挥台" };

export const shell = {
  skip: "跳到正文",
  nav: "主导航",
  keys: "快捷键",
  theme: "切换明暗",
  leave: "退出登录",
  retry: "重试",
  requestId: "请求编号 {id}",
  close: "关闭",
  cancel: "取消",
  showMap: "看地图",
  showList: "看列表",
};

export const nav = {
  overview: "地图与案件",
  plan: "每周计划",
  disputes: "退单",
  divisions: "网格划分",
  rules: "规则",
  tracks: "轨迹",
  statistics: "统计",
  duty: "值守",
};

export const login = {
  username: "用户名",
  password: "密码",
  enter: "登录",
  hint: "供社区、街道、区县与市级指挥人员使用。网格员请用手机端。",
  wrongRole: "这个账号不能进入指挥台。网格员请用手机端，居民请用居民端。",
};

export const live = {
  connecting: "正在连接",
  live: "实时",
  waiting: "连接中断，重连中",
  stopped: "未连接",
  lastEvent: "{state} · 最近更新 {ago}",
};

export const notices = {
  title: "通知",
  unread: "{n} 条未读",
  allRead: "全部已读",
  readAll: "全部标为已读",
  none: "还没有通知。与您有关的案件和计划有变化时，会出现在这里。",
  new: "未读",
};

export const keys = {
  title: "快捷键",
  next: "下一件",
  previous: "上一件",
  open: "打开第一件或下一件",
  close: "关闭右侧面板",
  search: "搜索",
  assign: "指派",
  note: "写备注",
  refresh: "刷新列表",
  workers: "网格员面板",
  help: "显示这张表",
  rule: "在输入框里和使用输入法时，快捷键不起作用。",
};
