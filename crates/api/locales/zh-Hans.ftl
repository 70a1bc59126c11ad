success = 操作成功

# Answers that are not a success.
session-invalid = 登录已过期，请重新登录
not-verified = 请先完成账号实名认证
parameters-invalid = 参数错误
json-malformed = 请求内容不是有效的 JSON
json-too-deep = 请求内容的 JSON 嵌套过深
json-no-object = 请求内容的 JSON 必须是对象
multipart-malformed = 请求内容不是有效的 multipart 表单
parameters-too-many = 参数过多
suspended = 您的账号已被停用，请联系客服
no-such-account = 代理账号 { $name } 不存在
name-taken = 代理账号 { $name } 已被占用
route-unknown = 接口不存在
method-not-allowed = 该接口不支持此请求方法
body-broken = 请求内容中断
body-late = 请求内容未能及时送达
body-too-large = 请求内容超过 { $bytes } 字节
media-unsupported = 请求内容须为 JSON、URL 编码表单或 multipart 表单，使用 UTF-8 编码且不压缩
internal = 服务器内部错误
unavailable = 服务繁忙，请稍后再试

# What is wrong with a parameter.
field-required = 不能为空
field-not-text = 必须是文本
field-not-whole = 必须是整数
field-out-of-range = 必须在 { $lowest } 到 { $highest } 之间
field-repeated = 重复提供且值不一致
field-name-empty = 不能为空
field-name-too-long = 不能超过 { $longest } 个字符
field-name-character = 只能包含英文字母和数字
field-item-name = 第 { $place } 项的用户名{ $problem }
field-item-password = 第 { $place } 项的密码{ $problem }
field-item-without-password = 第 { $place } 项的格式应为 用户名:密码(英文冒号)
field-name-twice = 用户名 { $name } 重复
field-too-many-items = 不能超过 { $most } 项
field-no-items = 至少需要一项
field-remark-too-wide = 不能超过 32 个中文字符或 64 个英文字符
field-remark-control = 不能包含控制字符
field-product-type-unknown = 不是有效的套餐类型
field-product-type-accounts = 只能是 9、11、14 或 25
field-product-type-summary = 只能是 9 或 12
field-time-form = 格式应为 YYYY-MM-DD HH:MM:SS 或 YYYY-MM-DD
field-time-missing = 不是有效的时间
field-window-backwards = 不能早于 start_time
field-window-too-long = 与 start_time 之间不能超过 { $days } 天
