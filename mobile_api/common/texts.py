"""What problems say to people, by code and language. Codes never change; these sentences may.

English comes from the place that refuses (it knows the case at hand); Chinese stands here. A test walks every error
class of the project and fails for a code without a text.
"""

# code: (Chinese title, Chinese advice).
ZH: dict[str, tuple[str, str]] = {
    # general
    "refused": ("请求被拒绝", "请检查后重试。"),
    "invalid": ("填写有误", "请按提示修改后重试。"),
    "not_found": ("未找到", "内容不存在，或不在您的范围内。"),
    "not_allowed": ("无权操作", "您的身份不能进行此操作。"),
    "not_authenticated": ("请先登录", "请登录后重试。"),
    "conflict": ("情况已变化", "请刷新后再操作。"),
    "too_many": ("过于频繁", "请稍后再试。"),
    "unavailable": ("服务暂不可用", "请稍后重试，您的内容没有丢失。"),
    "busy": ("服务繁忙", "同时上传的照片较多，请稍后再传一次，您的内容没有丢失。"),
    "id_reused": ("编号已被使用", "同一编号已提交过不同内容，请重新生成后提交。"),
    "stale_version": ("内容已被更新", "有人先一步操作，请查看最新情况后再决定。"),
    "server_error": ("系统出错", "请稍后重试；若反复出现，请把请求编号告诉管理员。"),
    "bad_request": ("请求无法识别", "请检查请求后重试。"),
    "method_not_allowed": ("不支持此操作方式", "请查阅接口说明。"),
    "not_acceptable": ("无法按要求的格式答复", "本接口只提供 JSON。"),
    "unsupported_media_type": ("不支持的内容类型", "请以 JSON（照片以表单）提交。"),
    "encoding_not_taken": ("不支持的压缩方式", "此接口不接受这种内容编码。"),
    "body_too_large": ("内容过大", "请减少内容后分次提交。"),
    "not_json": ("不是有效的 JSON", "请检查提交内容的格式。"),
    "not_utf8": ("文字编码有误", "请使用 UTF-8 编码。"),
    "not_gzip": ("压缩内容已损坏", "请重新压缩后提交。"),
    "too_deep": ("内容嵌套过深", "最多 32 层。"),
    "doubled_key": ("字段重复", "同一对象中有重复的字段名。"),
    "zero_character": ("含有非法字符", "文字中不能含有 U+0000。"),
    "cursor_not_valid": ("翻页标记无效", "请从第一页重新开始。"),
    "csrf_failed": ("安全校验未通过", "请刷新页面后重试。"),
    # signing in
    "bad_credentials": ("账号或密码不正确", "请检查后重新输入。"),
    "token_not_valid": ("登录已失效", "请重新登录。"),
    "refresh_reused": ("设备已退出登录", "登录凭证被重复使用，为保护账号已退出，请重新登录。"),
    "too_many_attempts": ("尝试次数过多", "请稍后再试。"),
    "phone_not_valid": ("手机号不正确", "请输入 11 位手机号。"),
    "code_not_valid": ("验证码不正确或已失效", "请检查验证码，或重新获取。"),
    "too_many_codes": ("获取验证码过于频繁", "请稍后再获取。"),
    "role_not_held": ("没有此身份", "您目前没有这个身份，请选择其他身份。"),
    "role_may_not": ("此身份不能操作", "请换用有权限的身份，或联系有权限的人员。"),
    "user_not_found": ("未找到人员", "人员不存在或已停用。"),
    # places
    "crs_missing": ("未说明坐标系", "请说明坐标系：wgs84、cgcs2000、gcj02 或 bd09。"),
    "unknown_crs": ("坐标系不认识", "请使用 wgs84、cgcs2000、gcj02 或 bd09。"),
    "not_a_number": ("坐标不是数字", "经度和纬度须为数字。"),
    "not_finite": ("坐标不是有限数", "经度和纬度须为有限的数字。"),
    "axes_swapped": ("经纬度写反了", "经度在前，纬度在后。"),
    "out_of_range": ("坐标超出范围", "经度在 -180 至 180 之间，纬度在 -90 至 90 之间。"),
    "outside_china": ("位置不在中国境内", "请检查坐标。"),
    "bad_point": ("位置无法使用", "请重新选择位置。"),
    "outside_served_area": ("位置不在服务范围内", "请在本辖区内选择位置。"),
    "area_not_found": ("未找到区域", "区域不存在，或不在您的范围内。"),
    "bad_workbook": ("表格无法读取", "请另存为 .xlsx 工作簿（不含宏和公式）后重新上传。"),
    "bad_duty_change": ("值守变动有误", "请按提示修改后重试。"),
    "duty_overlaps": ("时间重叠", "该时段内已有安排，请调整时间或人员。"),
    "duty_change_not_found": ("未找到值守变动", "记录不存在，或不在您的范围内。"),
    "bad_division": ("网格划分有误", "请按所列问题修正边界。"),
    "division_not_found": ("未找到网格划分", "网格划分不存在，或不在您的范围内。"),
    "may_not_divide": ("此身份不能划分网格", "网格由街道及以上绘制和发布。"),
    "bad_edit": ("此处不能这样修改", "请按提示调整图形后重试。"),
    "no_boundaries": ("尚无边界", "此区域还没有发布过边界，请绘制、上传或自动生成。"),
    "division_not_draft": ("不是草案", "已发布的划分不再修改，请新建草案。"),
    "division_not_checked": ("尚未通过检查", "请先检查当前版本，排除所有阻碍后再发布。"),
    "division_stale": ("草案已过时", "此区域已发布过其他边界，请从最新边界重新开始。"),
    "bad_moment": ("生效时间不合适", "请选择今后的时间，且晚于已排定的边界生效时间。"),
    "division_not_undoable": ("不能撤销", "发布后已有工作发生，请新建划分来调整。"),
    "codes_used_up": ("编码已用尽", "该社区的三位网格编号已全部使用。"),
    # matters and cases
    "unknown_matter": ("事项不存在", "请从事项清单中选择。"),
    "unknown_condition": ("立案条件不符", "请选择该事项下的立案条件。"),
    "case_not_found": ("未找到案件", "案件不存在，或不在您的范围内。"),
    "note_needed": ("请填写说明", "此操作须说明原因。"),
    "evidence_missing": ("缺少照片", "此操作须附照片。"),
    "bad_photo": ("照片无法使用", "请上传 10 MB、4000 万像素以内的 JPEG、PNG 或 WebP 照片。"),
    "photo_too_heavy": ("照片处理不了", "这张照片占用的内存或时间过多，请拍一张尺寸较小的照片再上传。"),
    "photo_not_claimable": ("照片无法关联", "请重新上传照片。"),
    "too_many_photos": ("照片过多", "一次最多九张。"),
    "unknown_assignee": ("指派对象不合适", "请选择可以办理此案的人员或部门。"),
    "not_in_own_grid": ("不在本人网格内", "只有本人网格内的问题可以当场处置。"),
    "already_rated": ("已经评价过", "每个案件只能评价一次。"),
    "too_late_to_reopen": ("已过重办期限", "请重新上报。"),
    "transition_not_allowed": ("当前状态不能这样操作", "案件状态已变化，请刷新后再操作。"),
    "matter_not_found": ("未找到事项", "事项不存在或未公开。"),
    "worker_not_found": ("未找到人员", "此人不在您辖区内当值。"),
    "place_not_found": ("未找到地点", "地点不存在，或不在您的范围内。"),
    # appointments, plans, visits
    "appointment_not_found": ("未找到预约", "预约不存在，或不属于您。"),
    "appointment_over": ("预约已不能更改", "预约已完成、已取消或已开始。"),
    "too_late_to_move": ("该时段已不能改约", "这半天的走访已开始，请致电社区。"),
    "not_bookable": ("此事项不能预约上门", "请选择可上门办理的事项。"),
    "nobody_serves": ("此处暂无上门服务", "请致电社区办理。"),
    "unknown_slot": ("时段不存在", "请从可选时段中选择。"),
    "slot_taken": ("时段已约满", "请另选时段。"),
    "plan_not_found": ("未找到计划", "计划不存在，或不在您的范围内。"),
    "job_not_found": ("未找到排班任务", "任务不存在，或不在您的范围内。"),
    "stop_not_found": ("未找到走访点", "走访点不存在，或不在您的路线上。"),
    "may_not_plan": ("此身份不能排班", "周计划由网格长、社区和街道制定。"),
    "not_a_monday": ("不是星期一", "请以星期一的日期表示一周。"),
    "unknown_grid": ("网格不存在", "网格编码有误，或不在您的范围内。"),
    "planning_under_way": ("正在排班", "有人正在为此网格排班，请稍后查看。"),
    "plan_not_publishable": ("计划不能发布", "只有已完成的草案可以发布。"),
    "stale_draft": ("草案已过时", "情况已变化，请重新排班。"),
    "stop_ended": ("走访点已结束", "此走访点已有记录。"),
    "time_not_plausible": ("时间不合理", "请检查手机时间。"),
    "no_network": ("尚无步行路网", "请先导入路网。"),
    # patrols and offline work
    "session_not_found": ("未找到巡查记录", "巡查不存在，或不属于您。"),
    "session_open": ("另有巡查未结束", "请先结束进行中的巡查。"),
    "session_over": ("巡查已结束", "此巡查不再接收位置。"),
    "consent_missing": ("尚未同意记录轨迹", "请先阅读告知并同意记录巡查轨迹。"),
    "not_on_duty": ("不在岗", "只有当值的网格人员可以巡查。"),
    "batch_too_large": ("一次提交过多", "请分批提交。"),
    "track_not_shown": ("不能查看轨迹", "此身份只能查看统计数字。"),
    "unknown_operation": ("操作类型不认识", "请更新应用。"),
    "op_id_reused": ("操作编号已被使用", "同一编号已提交过不同操作。"),
    "bad_cursor": ("更新标记无效", "请重新获取全部内容。"),
    # map
    "tile_out_of_range": ("没有这张瓦片", "地图范围内没有此地址的瓦片。"),
}  # fmt: skip

EN: dict[str, tuple[str, str]] = {
    "invalid": ("Something has to be corrected", "Correct the named fields and send again."),
    "not_found": ("Not found", "It does not exist, or lies outside your areas."),
    "not_authenticated": ("Sign in first", "Sign in, then try again."),
    "not_allowed": ("Not allowed", "Your role may not do this."),
    "too_many": ("Too many requests", "Wait a little, then try again."),
    "unavailable": ("Not available just now", "Try again in a moment; nothing was lost."),
    "busy": ("Busy just now", "Many photos are arriving at once. Send this one again in a moment; nothing was lost."),
    "server_error": ("Something went wrong here", "Try again; if it stays, tell the operator the request id."),
    "bad_request": ("The request can't be read", "Check the request."),
    "not_json": ("Not JSON", "The body is not valid JSON."),
    "body_too_large": ("The body is too large", "Send less at once."),
    "csrf_failed": ("The security check failed", "Reload the page and try again."),
    "crs_missing": ("The coordinate system is missing", "Declare crs: wgs84, cgcs2000, gcj02 or bd09."),
}

STATUS_TEXTS: dict[int, str] = {400: "bad_request", 401: "not_authenticated", 403: "not_allowed", 404: "not_found",
                                409: "conflict", 422: "invalid", 429: "too_many", 503: "unavailable"}  # fmt: skip


def text_of(code: str, language: str, *, said: str = "", status: int = 422) -> tuple[str, str]:
    """Title and detail for a code. `said` is the English sentence of the place that refuses."""
    general = STATUS_TEXTS.get(status, "refused")
    if language == "zh":
        return ZH.get(code) or ZH[general]
    title, advice = EN.get(code) or (code.replace("_", " ").capitalize(), "")
    return title, (said[:1].upper() + said[1:] if said else advice or EN.get(general, ("", ""))[1])
