"""What an SMS says. Chinese first, as the phones of residents expect, with an English line."""


def one_time_code(code: str) -> str:
    return f"【网格通】验证码 {code}，5 分钟内有效，请勿告诉他人。Your Gridward code is {code}."


def case_ended(number: str, action: str) -> str:
    if action == "close":
        return f"【网格通】您反映的事项 {number} 已办结，欢迎凭查询码评价。Your report {number} is closed."
    return f"【网格通】您反映的事项 {number} 不予受理，凭查询码可看原因。Your report {number} was not accepted."
