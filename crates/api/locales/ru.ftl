success = Операция выполнена успешно
requested = Запрос выполнен успешно

# Answers that are not a success.
session-invalid = Сеанс истёк, войдите снова
not-verified = Сначала пройдите проверку личности для своей учётной записи
parameters-invalid = Некоторые параметры недопустимы
json-malformed = Тело запроса не является корректным JSON
json-too-deep = Слишком глубокая вложенность JSON в теле запроса
json-no-object = JSON в теле запроса должен быть объектом
multipart-malformed = Тело запроса не является корректной формой multipart
parameters-too-many = Слишком много параметров
suspended = Ваша учётная запись заблокирована, обратитесь в службу поддержки
login-wrong = Неверный адрес электронной почты или пароль
accounts-too-many = Разрешено не более { $most ->
    [one] { $most } прокси-аккаунта
    [few] { $most } прокси-аккаунтов
    [many] { $most } прокси-аккаунтов
   *[other] { $most } прокси-аккаунта
}
sources-too-many = Белый список может содержать не более { $most ->
    [one] { $most } адреса
    [few] { $most } адресов
    [many] { $most } адресов
   *[other] { $most } адреса
}
no-such-account = Прокси-аккаунт с именем { $name } не найден
no-such-source = Адреса { $address } нет в вашем белом списке
key-reused = Этот Idempotency-Key уже использован для другого запроса
key-under-way = Запрос с этим Idempotency-Key ещё выполняется, повторите чуть позже
name-taken = Имя прокси-аккаунта { $name } уже занято
route-unknown = Такого интерфейса нет
method-not-allowed = Этот интерфейс нельзя вызвать данным методом
body-broken = Тело запроса оборвалось
body-late = Тело запроса не пришло вовремя
body-too-large = Тело запроса больше { $bytes ->
    [one] { $bytes } байта
    [few] { $bytes } байт
    [many] { $bytes } байт
   *[other] { $bytes } байта
}
media-unsupported = Отправляйте тело как JSON, форму в URL-кодировке или форму multipart, в UTF-8 и без сжатия
login-too-often = Слишком много попыток входа, повторите через { $seconds ->
    [one] { $seconds } секунду
    [few] { $seconds } секунды
    [many] { $seconds } секунд
   *[other] { $seconds } секунды
}
streams-too-many = Открыто слишком много потоков
internal = На нашей стороне произошла ошибка
unavailable = Сервис перегружен, повторите чуть позже

# What is wrong with a parameter.
field-required = обязательно для заполнения
field-not-text = должно быть текстом
field-not-whole = должно быть целым числом
field-out-of-range = должно быть от { $lowest } до { $highest }
field-repeated = указано несколько раз с разными значениями
field-name-empty = не должно быть пустым
field-name-too-long = не должно быть длиннее { $longest ->
    [one] { $longest } символа
    [few] { $longest } символов
    [many] { $longest } символов
   *[other] { $longest } символа
}
field-name-character = может содержать только буквы A–Z и a–z и цифры 0–9
field-item-name = элемент { $place }, имя: { $problem }
field-item-password = элемент { $place }, пароль: { $problem }
field-item-without-password = элемент { $place }: укажите в виде имя:пароль
field-name-twice = имя { $name } указано дважды
field-too-many-items = не должно содержать больше { $most ->
    [one] { $most } элемента
    [few] { $most } элементов
    [many] { $most } элементов
   *[other] { $most } элемента
}
field-no-items = должно содержать хотя бы один элемент
field-remark-too-wide = не должно быть длиннее 32 китайских или 64 латинских символов
field-remark-control = не должно содержать управляющих символов
field-product-type-unknown = не является типом продукта
field-product-type-accounts = должно быть 9, 11, 14 или 25
field-product-type-summary = должно быть 9 или 12
field-time-form = должно быть в виде ГГГГ-ММ-ДД ЧЧ:ММ:СС или ГГГГ-ММ-ДД
field-time-missing = такого времени не существует
field-window-backwards = не должно быть раньше start_time
field-window-too-long = промежуток не должен быть длиннее { $days ->
    [one] { $days } дня
    [few] { $days } дней
    [many] { $days } дней
   *[other] { $days } дня
}
field-not-boolean = должно быть true или false либо 1 или 0
field-password-length = должно содержать от 6 до 16 символов
field-item-no-address = элемент { $place }: не является адресом IPv4 или IPv6
field-item-no-source = элемент { $place }: с адреса { $address } нельзя установить соединение
field-item-special-address = элемент { $place }: { $address } — частный адрес или адрес специального назначения
field-unit-unknown = должно быть KB, MB, GB, TB или PB
field-cursor-unknown = должно быть значением id одного из событий
field-wait-unknown = должно быть applied
field-idempotency-key = должен быть указан один раз и состоять из 1–255 видимых символов ASCII
field-not-amount = должно быть суммой больше 0 не более чем с двумя знаками после запятой
field-item-no-number = элемент { $place }: должно быть целым числом от 1
field-number-twice = номер { $number } указан дважды
field-item-no-region = элемент { $place }: укажите страну и количество, например US,2
field-duration-form = должно быть числом месяцев от 1 до 36 или em (до конца месяца)
field-coupon-form = должно содержать от 4 до 32 букв, цифр и дефисов
field-status-unknown = должно быть 0 (ожидает оплаты), 1 (оплачен), 2 (закрыт) или 3 (возвращён)
field-country-form = Должен быть код страны из двух букв, например US
field-product-type-static = Должно быть 14 или 25
field-static-ip-type = Указан статический IP, который этот продукт не продлевает
field-renewal-too-short = Слишком мало: статический IP всё равно уже истёк бы
field-one-target = Укажите либо upid, либо package_id

# The shop.
no-such-product = Такого товара нет
no-such-order = Такого заказа нет
no-such-payment-method = Такого способа оплаты нет
no-such-coupon = Такого купона нет
no-such-article = Такой статьи нет
coupon-too-often = Слишком много несуществующих купонов, повторите через { $seconds ->
    [one] { $seconds } секунду
    [few] { $seconds } секунды
    [many] { $seconds } секунд
   *[other] { $seconds } секунды
}
no-such-static-ip = Нет статического IP с id { $id }
balance-too-low = Недостаточно средств, сначала пополните баланс
coupon-expired = Срок действия купона истёк
coupon-for-others = Купон не действует для этого товара
coupon-used-up = Купон исчерпан
coupon-used = Вы уже использовали этот купон
no-invitation = Для вас нет скидки за приглашение
out-of-stock = Недостаточно на складе
out-of-stock-in = Недостаточно статических IP в { $country }
no-such-package = Пакета с номером { $id } нет
no-ip-changes = Смен IP не осталось, сначала купите ещё
static-ip-expired = Срок действия статического IP истёк, сначала продлите его
static-ip-renewed = Статический IP тем временем продлён, закажите снова
not-renewable = Это нельзя купить снова автоматически
order-not-awaiting = Заказ не ожидает оплаты
payment-method-unusable = Этот способ оплаты не подходит для этой суммы
field-not-sold = относится к типу, который здесь не продаётся
field-regions-missing = укажите, сколько в какой стране, например JP,2|US,1, в сумме равно amount
field-country-not-sold = не продаётся в { $country }
field-held-elsewhere = должно быть { $country }: там находится статический IP
field-renewals-missing = укажите продлеваемые статические IP, столько же, сколько amount
field-part-unknown = должно быть одним из вариантов товара
field-not-paid-short = должно быть id не полностью оплаченного заказа
field-never-reduced = не действует для этого товара
field-too-much = превышает сумму, которую можно заказать

# Extraction.
source-not-listed = Сначала добавьте IP { $address } в список разрешённых
no-traffic = Не осталось доступного трафика, сначала купите его
place-not-served = Ни один выход не обслуживает это место
no-free-port = Сейчас для вас нет свободных портов
extract-too-often = Точки доступа извлекаются слишком часто, повторите через { $seconds ->
    [one] { $seconds } секунду
    [few] { $seconds } секунды
    [many] { $seconds } секунд
   *[other] { $seconds } секунды
}
entry-unserved = Сейчас ни один шлюз не обслуживает этот вход, повторите чуть позже
field-place-form = должно быть названием не длиннее 64 символов
field-format-unknown = должно быть json, 2, txt, text или 1
field-separator-too-long = не должно быть длиннее 16 символов

# Why connections failed, and what to do.
activity-bad-request = Запрос нельзя прочитать однозначно. Отправляйте корректный HTTP/1.1 или SOCKS5
activity-bad-login = У параметра в имени пользователя неверное значение. Исправьте его
activity-account-disabled = Аккаунт отключён. Включите его, чтобы им пользоваться
activity-customer-suspended = Ваш доступ приостановлен. Обратитесь к оператору
activity-customer-unverified = Вы ещё не прошли проверку. Сначала завершите её
activity-endpoint-ended = Время точки подключения истекло. Извлеките другую
activity-too-many-tunnels = Открыто столько соединений, сколько вам разрешено. Сначала закройте некоторые
activity-too-many-connections = Соединения открываются слишком быстро. Открывайте меньше в секунду
activity-place-not-served = Ни один выход не обслуживает это место. Выберите другое или не указывайте его
activity-no-exit = Ни один выход там не смог принять соединение. Повторите позже или выберите другое место
activity-static-ip-not-held = Ни один из ваших действующих статических IP не подходит. Проверьте _ip-, срок действия и место в имени пользователя
activity-target-denied = Эта цель здесь не разрешена. Выберите другой адрес или порт
activity-exit-denies-target = Выход не соединяется с этой целью. Выберите другое место или другую сессию
activity-exit-failed = Выход отказал, не достигнув цели. Попробуйте ещё раз
activity-exit-timed-out = Выход не ответил вовремя. Попробуйте ещё раз
activity-exit-lost = Выход перестал работать, пока туннель был открыт. Подключитесь снова
activity-limit-reached = Лимит трафика аккаунта исчерпан. Увеличьте лимит
activity-daily-limit-reached = Дневной лимит аккаунта исчерпан. Увеличьте его или подождите до завтра
activity-no-traffic = Ни в одном пакете не осталось трафика. Купите трафик
activity-contended = Остаток трафика занят другими соединениями. Повторите чуть позже
activity-stale = Шлюз потерял связь с хранилищем. Попробуйте ещё раз или обратитесь к оператору
activity-draining = Шлюз завершал работу. Подключитесь снова
activity-overloaded = Шлюз был загружен до предела. Повторите чуть позже
activity-no-such-name = У имени цели нет адреса. Проверьте написание
activity-dns-failed = Имя цели не удалось разрешить. Повторите позже
activity-dns-timed-out = Имя цели не удалось разрешить вовремя. Повторите позже
activity-connect-refused = Цель отклонила соединение. Проверьте порт и то, что она работает
activity-unreachable = К цели нет пути. Проверьте адрес или выберите другой выход
activity-connect-timed-out = Цель не ответила вовремя. Проверьте, работает ли она, или выберите другой выход
activity-connect-failed = Соединение с целью не удалось. Попробуйте ещё раз
activity-origin-failed = Цель закрыла соединение, не ответив. Попробуйте ещё раз или через другой выход
activity-origin-timed-out = Цель приняла запрос, но не ответила вовремя. Повторите позже
activity-origin-broken = Ответ цели не является корректным HTTP/1.1. Используйте туннель (CONNECT)
activity-broken-off = Цель оборвала соединение. Продолжите с того места, где оно прервалось
activity-stalled = Слишком долго ничего не удавалось доставить. Проверьте, читает ли ваш клиент то, что запросил
activity-revoked = Соединение завершено: изменены аккаунт, пароль или права, либо так решил оператор. Войдите снова
activity-suppressed = За минуту было больше сбоев, чем хранится по одному. Снизьте темп и посмотрите предыдущие записи
field-reason-unknown = должно быть одним из слов, которые показывает список
field-login-form = должно быть именем пользователя с параметрами, например user01_area-US
field-target-form = должно быть хостом и портом, например example.com:443
field-protocol-unknown = должно быть http, connect или socks5
