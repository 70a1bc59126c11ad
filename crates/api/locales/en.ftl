success = Success
requested = Request successful

# Answers that are not a success.
session-invalid = Your session has expired, please log in again
not-verified = Please complete the identity verification of your account first
parameters-invalid = Some parameters are not valid
json-malformed = The request body is not valid JSON
json-too-deep = The JSON of the request body is nested too deeply
json-no-object = The JSON of the request body must be an object
multipart-malformed = The request body is not a valid multipart form
parameters-too-many = There are too many parameters
suspended = Your account is suspended, please contact support
login-wrong = The e-mail address or the password is wrong
accounts-too-many = You may have at most { $most ->
    [one] { $most } proxy account
   *[other] { $most } proxy accounts
}
sources-too-many = Your allow list may hold at most { $most ->
    [one] { $most } address
   *[other] { $most } addresses
}
no-such-account = There is no proxy account named { $name }
no-such-source = The address { $address } is not on your allow list
key-reused = This Idempotency-Key was used for another request
key-under-way = The request with this Idempotency-Key is still being carried out, please ask again in a moment
name-taken = The proxy account name { $name } is already taken
route-unknown = There is no such interface
method-not-allowed = This interface cannot be called with this method
body-broken = The request body broke off
body-late = The request body did not arrive in time
body-too-large = The request body is larger than { $bytes ->
    [one] { $bytes } byte
   *[other] { $bytes } bytes
}
media-unsupported = Send the body as JSON, as a URL-encoded form or as a multipart form, in UTF-8 and not compressed
login-too-often = Too many tries to log in, please try again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
streams-too-many = Too many live streams are open
internal = Something went wrong on our side
unavailable = The service is busy, please try again in a moment

# What is wrong with a parameter.
field-required = is required
field-not-text = must be a text
field-not-whole = must be a whole number
field-out-of-range = must be between { $lowest } and { $highest }
field-repeated = is given more than once with different values
field-name-empty = must not be empty
field-name-too-long = must not be longer than { $longest ->
    [one] { $longest } character
   *[other] { $longest } characters
}
field-name-character = may hold only the letters A to Z and a to z and the digits 0 to 9
field-item-name = item { $place }, name: { $problem }
field-item-password = item { $place }, password: { $problem }
field-item-without-password = item { $place }: write it as name:password
field-name-twice = the name { $name } is there twice
field-too-many-items = must not hold more than { $most ->
    [one] { $most } item
   *[other] { $most } items
}
field-no-items = must hold at least one item
field-remark-too-wide = must not be longer than 32 Chinese or 64 English characters
field-remark-control = must not hold control characters
field-product-type-unknown = is not a product type
field-product-type-accounts = must be one of 9, 11, 14 and 25
field-product-type-summary = must be 9 or 12
field-time-form = must be written as YYYY-MM-DD HH:MM:SS or YYYY-MM-DD
field-time-missing = is a time that does not exist
field-window-backwards = must not be before start_time
field-window-too-long = must not make a window of more than { $days ->
    [one] { $days } day
   *[other] { $days } days
}
field-not-boolean = must be true or false, or 1 or 0
field-password-length = must have 6 to 16 characters
field-item-no-address = item { $place }: is not an IPv4 or IPv6 address
field-item-no-source = item { $place }: nobody can connect from { $address }
field-item-special-address = item { $place }: { $address } is a private or special-purpose address
field-unit-unknown = must be one of KB, MB, GB, TB and PB
field-cursor-unknown = must be the id of an event
field-wait-unknown = must be applied
field-idempotency-key = must be given once and have 1 to 255 visible ASCII characters
field-not-amount = must be an amount above 0 with at most two decimals
field-item-no-number = item { $place }: must be a whole number from 1 on
field-number-twice = the number { $number } is there twice
field-item-no-region = item { $place }: write it as a country and a quantity, such as US,2
field-duration-form = must be a number of months from 1 to 36, or em for the end of the month
field-coupon-form = must have 4 to 32 letters, digits and hyphens
field-status-unknown = must be 0 (awaiting payment), 1 (paid), 2 (closed) or 3 (refunded)
field-country-form = Must be a country code of two letters, such as US
field-product-type-static = Must be 14 or 25
field-static-ip-type = Names a static IP that this product does not renew
field-renewal-too-short = Is too short: the static IP would have expired even so
field-one-target = Give either upid or package_id

# The shop.
no-such-product = There is no such product
no-such-order = There is no such order
no-such-payment-method = There is no such payment method
no-such-coupon = There is no such coupon
no-such-article = There is no such article
coupon-too-often = Too many coupons that do not exist, please try again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
no-such-static-ip = There is no static IP with the id { $id }
balance-too-low = Your balance is not sufficient, please recharge first
coupon-expired = The coupon has expired
coupon-for-others = The coupon is not for this product
coupon-used-up = The coupon is used up
coupon-used = You have used this coupon already
no-invitation = There is no invitation discount for you
out-of-stock = Not enough is in stock
out-of-stock-in = Not enough static IPs are in stock in { $country }
no-such-package = There is no package with the id { $id }
no-ip-changes = No IP changes are left, please buy more first
static-ip-expired = The static IP has expired, please renew it first
static-ip-renewed = The static IP was renewed meanwhile, please order again
not-renewable = This cannot be bought again automatically
order-not-awaiting = The order is not awaiting payment
payment-method-unusable = This payment method cannot be used for this amount
field-not-sold = is of a type that this installation does not sell
field-regions-missing = must say how many in which country, such as JP,2|US,1, and add up to amount
field-country-not-sold = is not sold in { $country }
field-held-elsewhere = must be { $country }, where the static IP is
field-renewals-missing = must name the static IPs to renew, as many as amount
field-part-unknown = must be one of those of the product
field-not-paid-short = must be the id of an order that was paid short
field-never-reduced = cannot be used for this product
field-too-much = comes to more than can be ordered

# Extraction.
source-not-listed = Please add IP in the allow list first
no-traffic = No usable traffic is left, please buy more first
place-not-served = No exit serves that place
no-free-port = No port is free for you now
extract-too-often = Endpoints are extracted too often, please try again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
entry-unserved = No gateway serves this entry now, please try again in a moment
field-place-form = must be a name of at most 64 characters
field-format-unknown = must be json, 2, txt, text or 1
field-separator-too-long = must not be longer than 16 characters

# Why connections failed, and what to do.
activity-bad-request = The request could not be read without doubt. Send valid HTTP/1.1 or SOCKS5
activity-bad-login = A parameter in the username has a bad value. Correct it
activity-account-disabled = The account is disabled. Enable it to use it
activity-customer-suspended = You are suspended. Ask the operator
activity-customer-unverified = You are not verified yet. Finish verification first
activity-endpoint-ended = The endpoint's time was over. Extract another
activity-too-many-tunnels = As many connections were open as you may have. Close some first
activity-too-many-connections = Connections were opened too fast. Open fewer in a second
activity-place-not-served = No exit serves that place. Choose another, or leave it out
activity-no-exit = No exit there could take the connection. Try again later, or choose another place
activity-static-ip-not-held = None of your static IPs in use fits. Check _ip-, its expiry and the place in the username
activity-target-denied = This target is not allowed here. Choose another address or port
activity-exit-denies-target = The exit does not connect to this target. Choose another place or session
activity-exit-failed = The exit failed before it reached the target. Try again
activity-exit-timed-out = The exit did not answer in time. Try again
activity-exit-lost = The exit went out of service while the tunnel was open. Connect again
activity-limit-reached = The account's traffic limit is used up. Raise the limit
activity-daily-limit-reached = The account's limit for the day is used up. Raise it, or wait until tomorrow
activity-no-traffic = No package has traffic left. Buy traffic
activity-contended = What is left of the traffic was held by other connections. Try again shortly
activity-stale = The gateway had lost touch with its store. Try again, or ask the operator
activity-draining = The gateway was shutting down. Connect again
activity-overloaded = The gateway was at its limit. Try again shortly
activity-no-such-name = The target's name has no address. Check its spelling
activity-dns-failed = The target's name could not be resolved. Try again later
activity-dns-timed-out = The target's name could not be resolved in time. Try again later
activity-connect-refused = The target refused the connection. Check its port, and whether it runs
activity-unreachable = There is no way to the target. Check its address, or choose another exit
activity-connect-timed-out = The target did not answer in time. Check whether it runs, or choose another exit
activity-connect-failed = The connection to the target failed. Try again
activity-origin-failed = The target closed the connection before it answered. Try again, or through another exit
activity-origin-timed-out = The target took the request but did not answer in time. Try again later
activity-origin-broken = The target's response is not valid HTTP/1.1. Use a tunnel (CONNECT) instead
activity-broken-off = The target broke the connection off. Try again from where it ended
activity-stalled = Nothing could be delivered for too long. Check that your client reads what it asked for
activity-revoked = The connection was ended, because the account, its password or its rights were changed, or by the operator. Log in again
activity-suppressed = There were more failures in a minute than are kept one by one. Slow down and look at those before
field-reason-unknown = must be one of the words that the list shows
field-login-form = must be a username with its parameters, as in user01_area-US
field-target-form = must be a host and a port, such as example.com:443
field-protocol-unknown = must be http, connect or socks5
