export const login = {
  title: "网格员登录",
  username: "用户名",
  password: "密码",
  enter: "登录",
  entering: "正在登录…",
  need: "填写用户名和密码",
  wrong: "用户名或密码不对",
  notField: "这个账号不是网格员或网格长，请用指挥中心页面。",
  unsent: "本机还有 {n} 条没有发送的记录，请用原来的账号登录。",
};
