success = Vorgang erfolgreich
requested = Anfrage erfolgreich

# Answers that are not a success.
session-invalid = Ihre Sitzung ist abgelaufen, bitte melden Sie sich erneut an
not-verified = Bitte schließen Sie zuerst die Identitätsprüfung Ihres Kontos ab
parameters-invalid = Einige Parameter sind ungültig
json-malformed = Der Inhalt der Anfrage ist kein gültiges JSON
json-too-deep = Das JSON der Anfrage ist zu tief verschachtelt
json-no-object = Das JSON der Anfrage muss ein Objekt sein
multipart-malformed = Der Inhalt der Anfrage ist kein gültiges Multipart-Formular
parameters-too-many = Die Anfrage enthält zu viele Parameter
suspended = Ihr Konto ist gesperrt, bitte wenden Sie sich an den Support
login-wrong = Die E-Mail-Adresse oder das Passwort ist falsch
accounts-too-many = Sie dürfen höchstens { $most ->
    [one] { $most } Proxy-Konto
   *[other] { $most } Proxy-Konten
} haben
sources-too-many = Ihre Freigabeliste darf höchstens { $most ->
    [one] { $most } Adresse
   *[other] { $most } Adressen
} enthalten
no-such-account = Es gibt kein Proxy-Konto mit dem Namen { $name }
no-such-source = Die Adresse { $address } steht nicht auf Ihrer Freigabeliste
key-reused = Dieser Idempotency-Key wurde schon für eine andere Anfrage verwendet
key-under-way = Die Anfrage mit diesem Idempotency-Key wird noch bearbeitet, bitte fragen Sie gleich noch einmal
name-taken = Der Name { $name } ist schon an ein anderes Proxy-Konto vergeben
route-unknown = Diese Schnittstelle gibt es nicht
method-not-allowed = Diese Schnittstelle kann mit dieser Methode nicht aufgerufen werden
body-broken = Der Inhalt der Anfrage brach vorzeitig ab
body-late = Der Inhalt der Anfrage kam nicht rechtzeitig an
body-too-large = Der Inhalt der Anfrage ist größer als { $bytes ->
    [one] { $bytes } Byte
   *[other] { $bytes } Byte
}
media-unsupported = Senden Sie den Inhalt als JSON, als URL-kodiertes Formular oder als Multipart-Formular, in UTF-8 und unkomprimiert
login-too-often = Zu viele Anmeldeversuche, bitte versuchen Sie es in { $seconds ->
    [one] { $seconds } Sekunde
   *[other] { $seconds } Sekunden
} erneut
streams-too-many = Es sind zu viele Live-Datenströme geöffnet
internal = Bei uns ist ein Fehler aufgetreten
unavailable = Der Dienst ist ausgelastet, bitte versuchen Sie es gleich noch einmal

# What is wrong with a parameter.
field-required = ist erforderlich
field-not-text = muss ein Text sein
field-not-whole = muss eine ganze Zahl sein
field-out-of-range = muss zwischen { $lowest } und { $highest } liegen
field-repeated = ist mehrfach mit verschiedenen Werten angegeben
field-name-empty = darf nicht leer sein
field-name-too-long = darf nicht länger als { $longest ->
    [one] { $longest } Zeichen
   *[other] { $longest } Zeichen
} sein
field-name-character = darf nur die Buchstaben A bis Z und a bis z und die Ziffern 0 bis 9 enthalten
field-item-name = Eintrag { $place }, Name: { $problem }
field-item-password = Eintrag { $place }, Passwort: { $problem }
field-item-without-password = Eintrag { $place }: bitte in der Form Name:Passwort angeben
field-name-twice = der Name { $name } kommt zweimal vor
field-too-many-items = darf nicht mehr als { $most ->
    [one] { $most } Eintrag
   *[other] { $most } Einträge
} enthalten
field-no-items = muss mindestens einen Eintrag enthalten
field-remark-too-wide = darf nicht länger als 32 chinesische oder 64 lateinische Zeichen sein
field-remark-control = darf keine Steuerzeichen enthalten
field-product-type-unknown = ist kein Produkttyp
field-product-type-accounts = muss 9, 11, 14 oder 25 sein
field-product-type-summary = muss 9 oder 12 sein
field-time-form = muss die Form JJJJ-MM-TT hh:mm:ss oder JJJJ-MM-TT haben
field-time-missing = ist ein Zeitpunkt, den es nicht gibt
field-window-backwards = darf nicht vor start_time liegen
field-window-too-long = darf keinen Zeitraum von mehr als { $days ->
    [one] { $days } Tag
   *[other] { $days } Tagen
} ergeben
field-not-boolean = muss true oder false sein, oder 1 oder 0
field-password-length = muss 6 bis 16 Zeichen lang sein
field-item-no-address = Eintrag { $place }: ist keine IPv4- oder IPv6-Adresse
field-item-no-source = Eintrag { $place }: von { $address } kann niemand eine Verbindung aufbauen
field-item-special-address = Eintrag { $place }: { $address } ist eine private oder für besondere Zwecke vorgesehene Adresse
field-unit-unknown = muss KB, MB, GB, TB oder PB sein
field-cursor-unknown = muss die id eines Ereignisses sein
field-wait-unknown = muss applied sein
field-idempotency-key = muss genau einmal angegeben sein und aus 1 bis 255 sichtbaren ASCII-Zeichen bestehen
field-not-amount = muss ein Betrag über 0 mit höchstens zwei Nachkommastellen sein
field-item-no-number = Eintrag { $place }: muss eine ganze Zahl ab 1 sein
field-number-twice = die Nummer { $number } steht zweimal da
field-item-no-region = Eintrag { $place }: bitte als Land und Anzahl schreiben, zum Beispiel US,2
field-duration-form = muss eine Zahl von 1 bis 36 Monaten sein, oder em für das Monatsende
field-coupon-form = muss 4 bis 32 Buchstaben, Ziffern und Bindestriche haben
field-status-unknown = muss 0 (unbezahlt), 1 (bezahlt), 2 (geschlossen) oder 3 (erstattet) sein
field-country-form = Muss ein Ländercode aus zwei Buchstaben sein, etwa US
field-product-type-static = Muss 14 oder 25 sein
field-static-ip-type = Nennt eine statische IP, die dieses Produkt nicht verlängert
field-renewal-too-short = Ist zu kurz: die statische IP wäre auch dann abgelaufen
field-one-target = Geben Sie entweder upid oder package_id an

# The shop.
no-such-product = Dieses Produkt gibt es nicht
no-such-order = Diese Bestellung gibt es nicht
no-such-payment-method = Diese Zahlungsart gibt es nicht
no-such-coupon = Diesen Gutschein gibt es nicht
no-such-article = Diesen Artikel gibt es nicht
coupon-too-often = Zu viele Gutscheine, die es nicht gibt, bitte versuchen Sie es in { $seconds ->
    [one] { $seconds } Sekunde
   *[other] { $seconds } Sekunden
} erneut
no-such-static-ip = Es gibt keine statische IP mit der id { $id }
balance-too-low = Ihr Guthaben reicht nicht aus, bitte laden Sie es zuerst auf
coupon-expired = Der Gutschein ist abgelaufen
coupon-for-others = Der Gutschein gilt nicht für dieses Produkt
coupon-used-up = Der Gutschein ist aufgebraucht
coupon-used = Sie haben diesen Gutschein schon eingelöst
no-invitation = Für Sie gibt es keinen Einladungsrabatt
out-of-stock = Es ist nicht genug vorrätig
out-of-stock-in = In { $country } sind nicht genug statische IPs vorrätig
no-such-package = Es gibt kein Paket mit der Nummer { $id }
no-ip-changes = Es sind keine IP-Wechsel mehr übrig, bitte zuerst weitere kaufen
static-ip-expired = Die statische IP ist abgelaufen, bitte zuerst verlängern
static-ip-renewed = Die statische IP wurde inzwischen verlängert, bitte erneut bestellen
not-renewable = Das kann nicht automatisch neu gekauft werden
order-not-awaiting = Die Bestellung wartet nicht auf Zahlung
payment-method-unusable = Diese Zahlungsart geht für diesen Betrag nicht
field-not-sold = ist von einer Art, die hier nicht verkauft wird
field-regions-missing = muss sagen, wie viele in welchem Land, zum Beispiel JP,2|US,1, zusammen so viele wie amount
field-country-not-sold = wird in { $country } nicht verkauft
field-held-elsewhere = muss { $country } sein, wo die statische IP ist
field-renewals-missing = muss die statischen IPs nennen, die verlängert werden, so viele wie amount
field-part-unknown = muss eine der Möglichkeiten des Produkts sein
field-not-paid-short = muss die id einer zu knapp bezahlten Bestellung sein
field-never-reduced = gilt nicht für dieses Produkt
field-too-much = kommt auf mehr, als bestellt werden kann

# Extraction.
source-not-listed = Bitte tragen Sie die IP { $address } zuerst in die Freigabeliste ein
no-traffic = Es ist kein nutzbarer Datenverkehr mehr übrig, bitte kaufen Sie zuerst welchen
place-not-served = Kein Ausgang bedient diesen Ort
no-free-port = Für Sie ist gerade kein Port frei
extract-too-often = Endpunkte werden zu oft abgerufen, bitte versuchen Sie es in { $seconds ->
    [one] { $seconds } Sekunde
   *[other] { $seconds } Sekunden
} wieder
entry-unserved = Zurzeit bedient kein Gateway diesen Zugang, bitte versuchen Sie es gleich noch einmal
field-place-form = muss ein Name von höchstens 64 Zeichen sein
field-format-unknown = muss json, 2, txt, text oder 1 sein
field-separator-too-long = darf nicht länger als 16 Zeichen sein

# Why connections failed, and what to do.
activity-bad-request = Die Anfrage war nicht eindeutig zu lesen. Senden Sie gültiges HTTP/1.1 oder SOCKS5
activity-bad-login = Ein Parameter im Benutzernamen hat einen falschen Wert. Berichtigen Sie ihn
activity-account-disabled = Das Konto ist deaktiviert. Aktivieren Sie es, um es zu benutzen
activity-customer-suspended = Sie sind gesperrt. Wenden Sie sich an den Betreiber
activity-customer-unverified = Sie sind noch nicht verifiziert. Schließen Sie die Verifizierung ab
activity-endpoint-ended = Die Zeit des Endpunkts war abgelaufen. Entnehmen Sie einen neuen
activity-too-many-tunnels = Es waren so viele Verbindungen offen, wie Sie haben dürfen. Schließen Sie zuerst einige
activity-too-many-connections = Verbindungen wurden zu schnell geöffnet. Öffnen Sie weniger je Sekunde
activity-place-not-served = Kein Ausgang bedient diesen Ort. Wählen Sie einen anderen oder lassen Sie ihn weg
activity-no-exit = Kein Ausgang dort konnte die Verbindung annehmen. Versuchen Sie es später oder wählen Sie einen anderen Ort
activity-static-ip-not-held = Keine Ihrer statischen IPs in Gebrauch passt. Prüfen Sie _ip-, ihren Ablauf und den Ort im Benutzernamen
activity-target-denied = Dieses Ziel ist hier nicht erlaubt. Wählen Sie eine andere Adresse oder einen anderen Port
activity-exit-denies-target = Der Ausgang verbindet nicht mit diesem Ziel. Wählen Sie einen anderen Ort oder eine andere Sitzung
activity-exit-failed = Der Ausgang versagte, bevor er das Ziel erreichte. Versuchen Sie es erneut
activity-exit-timed-out = Der Ausgang antwortete nicht rechtzeitig. Versuchen Sie es erneut
activity-exit-lost = Der Ausgang fiel aus, während der Tunnel offen war. Verbinden Sie sich neu
activity-limit-reached = Das Trafficlimit des Kontos ist aufgebraucht. Erhöhen Sie das Limit
activity-daily-limit-reached = Das Tageslimit des Kontos ist aufgebraucht. Erhöhen Sie es oder warten Sie bis morgen
activity-no-traffic = Kein Paket hat noch Traffic. Kaufen Sie Traffic
activity-contended = Der restliche Traffic war von anderen Verbindungen belegt. Versuchen Sie es gleich noch einmal
activity-stale = Das Gateway hatte keinen Kontakt zu seinem Speicher. Versuchen Sie es erneut oder fragen Sie den Betreiber
activity-draining = Das Gateway wurde heruntergefahren. Verbinden Sie sich neu
activity-overloaded = Das Gateway war ausgelastet. Versuchen Sie es gleich noch einmal
activity-no-such-name = Der Name des Ziels hat keine Adresse. Prüfen Sie die Schreibweise
activity-dns-failed = Der Name des Ziels konnte nicht aufgelöst werden. Versuchen Sie es später
activity-dns-timed-out = Der Name des Ziels konnte nicht rechtzeitig aufgelöst werden. Versuchen Sie es später
activity-connect-refused = Das Ziel wies die Verbindung ab. Prüfen Sie den Port, und ob es läuft
activity-unreachable = Es führt kein Weg zum Ziel. Prüfen Sie die Adresse oder wählen Sie einen anderen Ausgang
activity-connect-timed-out = Das Ziel antwortete nicht rechtzeitig. Prüfen Sie, ob es läuft, oder wählen Sie einen anderen Ausgang
activity-connect-failed = Die Verbindung zum Ziel schlug fehl. Versuchen Sie es erneut
activity-origin-failed = Das Ziel schloss die Verbindung, bevor es antwortete. Versuchen Sie es erneut oder durch einen anderen Ausgang
activity-origin-timed-out = Das Ziel nahm die Anfrage an, antwortete aber nicht rechtzeitig. Versuchen Sie es später
activity-origin-broken = Die Antwort des Ziels ist kein gültiges HTTP/1.1. Benutzen Sie einen Tunnel (CONNECT)
activity-broken-off = Das Ziel brach die Verbindung ab. Setzen Sie dort fort, wo sie endete
activity-stalled = Zu lange konnte nichts zugestellt werden. Prüfen Sie, ob Ihr Client liest, was er angefordert hat
activity-revoked = Die Verbindung wurde beendet, weil das Konto, sein Passwort oder seine Rechte geändert wurden, oder vom Betreiber. Melden Sie sich neu an
activity-suppressed = In einer Minute schlug mehr fehl, als einzeln aufbewahrt wird. Werden Sie langsamer und sehen Sie die Einträge davor an
field-reason-unknown = muss eines der Wörter sein, die die Liste zeigt
field-login-form = muss ein Benutzername mit seinen Parametern sein, etwa user01_area-US
field-target-form = muss Host und Port sein, etwa example.com:443
field-protocol-unknown = muss http, connect oder socks5 sein
