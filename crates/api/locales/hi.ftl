success = कार्रवाई सफल रही
requested = अनुरोध सफल रहा

# Answers that are not a success.
session-invalid = आपका सत्र समाप्त हो गया है, कृपया फिर से लॉग इन करें
not-verified = कृपया पहले अपने खाते का पहचान सत्यापन पूरा करें
parameters-invalid = कुछ पैरामीटर मान्य नहीं हैं
json-malformed = अनुरोध की सामग्री मान्य JSON नहीं है
json-too-deep = अनुरोध के JSON में बहुत अधिक स्तर हैं
json-no-object = अनुरोध का JSON एक ऑब्जेक्ट होना चाहिए
multipart-malformed = अनुरोध की सामग्री मान्य multipart फ़ॉर्म नहीं है
parameters-too-many = पैरामीटर बहुत अधिक हैं
suspended = आपका खाता निलंबित है, कृपया सहायता से संपर्क करें
login-wrong = ईमेल पता या पासवर्ड गलत है
accounts-too-many = { $most ->
    [one] आप अधिकतम { $most } प्रॉक्सी खाता रख सकते हैं
   *[other] आप अधिकतम { $most } प्रॉक्सी खाते रख सकते हैं
}
sources-too-many = { $most ->
    [one] आपकी अनुमति सूची में अधिकतम { $most } पता हो सकता है
   *[other] आपकी अनुमति सूची में अधिकतम { $most } पते हो सकते हैं
}
no-such-account = { $name } नाम का कोई प्रॉक्सी खाता नहीं है
no-such-source = पता { $address } आपकी अनुमति सूची में नहीं है
key-reused = यह Idempotency-Key किसी दूसरे अनुरोध के लिए उपयोग हो चुकी है
key-under-way = इस Idempotency-Key वाला अनुरोध अभी पूरा किया जा रहा है, कृपया थोड़ी देर में फिर पूछें
name-taken = प्रॉक्सी खाते का नाम { $name } पहले से लिया जा चुका है
route-unknown = ऐसा कोई इंटरफ़ेस नहीं है
method-not-allowed = इस इंटरफ़ेस को इस मेथड से नहीं बुलाया जा सकता
body-broken = अनुरोध की सामग्री बीच में टूट गई
body-late = अनुरोध की सामग्री समय पर नहीं पहुँची
body-too-large = { $bytes ->
    [one] अनुरोध की सामग्री { $bytes } बाइट से बड़ी है
   *[other] अनुरोध की सामग्री { $bytes } बाइट से बड़ी है
}
media-unsupported = सामग्री को JSON, URL-एन्कोडेड फ़ॉर्म या multipart फ़ॉर्म के रूप में, UTF-8 में और बिना कम्प्रेशन के भेजें
login-too-often = { $seconds ->
    [one] लॉग इन के बहुत अधिक प्रयास हुए, कृपया { $seconds } सेकंड बाद फिर प्रयास करें
   *[other] लॉग इन के बहुत अधिक प्रयास हुए, कृपया { $seconds } सेकंड बाद फिर प्रयास करें
}
streams-too-many = बहुत अधिक लाइव स्ट्रीम खुली हैं
internal = हमारी ओर से कोई त्रुटि हुई
unavailable = सेवा व्यस्त है, कृपया थोड़ी देर में फिर प्रयास करें

# What is wrong with a parameter.
field-required = आवश्यक है
field-not-text = टेक्स्ट होना चाहिए
field-not-whole = पूर्ण संख्या होनी चाहिए
field-out-of-range = { $lowest } और { $highest } के बीच होना चाहिए
field-repeated = अलग-अलग मानों के साथ एक से अधिक बार दिया गया है
field-name-empty = खाली नहीं होना चाहिए
field-name-too-long = { $longest ->
    [one] { $longest } वर्ण से लंबा नहीं होना चाहिए
   *[other] { $longest } वर्णों से लंबा नहीं होना चाहिए
}
field-name-character = में केवल A से Z और a से z तक के अक्षर तथा 0 से 9 तक के अंक हो सकते हैं
field-item-name = प्रविष्टि { $place }, नाम: { $problem }
field-item-password = प्रविष्टि { $place }, पासवर्ड: { $problem }
field-item-without-password = प्रविष्टि { $place }: इसे नाम:पासवर्ड के रूप में लिखें
field-name-twice = नाम { $name } दो बार आया है
field-too-many-items = { $most ->
    [one] में { $most } से अधिक प्रविष्टि नहीं होनी चाहिए
   *[other] में { $most } से अधिक प्रविष्टियाँ नहीं होनी चाहिए
}
field-no-items = में कम से कम एक प्रविष्टि होनी चाहिए
field-remark-too-wide = 32 चीनी या 64 लैटिन वर्णों से लंबा नहीं होना चाहिए
field-remark-control = में नियंत्रण वर्ण नहीं होने चाहिए
field-product-type-unknown = कोई उत्पाद प्रकार नहीं है
field-product-type-accounts = 9, 11, 14 या 25 होना चाहिए
field-product-type-summary = 9 या 12 होना चाहिए
field-time-form = YYYY-MM-DD HH:MM:SS या YYYY-MM-DD के रूप में लिखा होना चाहिए
field-time-missing = ऐसा समय है जो होता ही नहीं
field-window-backwards = start_time से पहले नहीं होना चाहिए
field-window-too-long = { $days ->
    [one] की अवधि { $days } दिन से अधिक नहीं होनी चाहिए
   *[other] की अवधि { $days } दिनों से अधिक नहीं होनी चाहिए
}
field-not-boolean = true या false, अथवा 1 या 0 होना चाहिए
field-password-length = 6 से 16 वर्णों का होना चाहिए
field-item-no-address = प्रविष्टि { $place }: यह IPv4 या IPv6 पता नहीं है
field-item-no-source = प्रविष्टि { $place }: { $address } से कोई कनेक्ट नहीं कर सकता
field-item-special-address = प्रविष्टि { $place }: { $address } एक निजी या विशेष प्रयोजन का पता है
field-unit-unknown = KB, MB, GB, TB या PB होना चाहिए
field-cursor-unknown = किसी इवेंट की id होनी चाहिए
field-wait-unknown = applied होना चाहिए
field-idempotency-key = केवल एक बार दी जानी चाहिए और उसमें 1 से 255 दिखाई देने वाले ASCII वर्ण होने चाहिए
field-not-amount = 0 से अधिक और अधिकतम दो दशमलव वाली राशि होनी चाहिए
field-item-no-number = मद { $place }: 1 से शुरू होने वाली पूर्ण संख्या होनी चाहिए
field-number-twice = संख्या { $number } दो बार है
field-item-no-region = मद { $place }: इसे देश और मात्रा के रूप में लिखें, जैसे US,2
field-duration-form = 1 से 36 महीनों की संख्या होनी चाहिए, या माह के अंत के लिए em
field-coupon-form = 4 से 32 अक्षर, अंक और हाइफ़न होने चाहिए
field-status-unknown = 0 (भुगतान शेष), 1 (भुगतान हुआ), 2 (बंद) या 3 (धन वापस) होना चाहिए
field-country-form = दो अक्षरों का देश कोड होना चाहिए, जैसे US
field-product-type-static = 14 या 25 होना चाहिए
field-static-ip-type = ऐसा स्थिर IP देता है जिसे यह उत्पाद नवीनीकृत नहीं करता
field-renewal-too-short = बहुत कम है: स्थिर IP फिर भी समाप्त हो चुका होगा
field-one-target = upid या package_id में से एक दें

# The shop.
no-such-product = ऐसा कोई उत्पाद नहीं है
no-such-order = ऐसा कोई ऑर्डर नहीं है
no-such-payment-method = ऐसी कोई भुगतान विधि नहीं है
no-such-coupon = ऐसा कोई कूपन नहीं है
no-such-article = ऐसा कोई लेख नहीं है
coupon-too-often = { $seconds ->
    [one] बहुत सारे ऐसे कूपन जो मौजूद नहीं हैं, कृपया { $seconds } सेकंड बाद फिर प्रयास करें
   *[other] बहुत सारे ऐसे कूपन जो मौजूद नहीं हैं, कृपया { $seconds } सेकंड बाद फिर प्रयास करें
}
no-such-static-ip = id { $id } वाला कोई स्थिर IP नहीं है
balance-too-low = आपकी शेष राशि पर्याप्त नहीं है, कृपया पहले रिचार्ज करें
coupon-expired = कूपन की अवधि समाप्त हो गई है
coupon-for-others = कूपन इस उत्पाद के लिए नहीं है
coupon-used-up = कूपन पूरा उपयोग हो चुका है
coupon-used = आप इस कूपन का उपयोग कर चुके हैं
no-invitation = आपके लिए कोई आमंत्रण छूट नहीं है
out-of-stock = स्टॉक पर्याप्त नहीं है
out-of-stock-in = { $country } में स्थिर IP का स्टॉक पर्याप्त नहीं है
no-such-package = आईडी { $id } वाला कोई पैकेज नहीं है
no-ip-changes = कोई IP परिवर्तन शेष नहीं है, कृपया पहले और खरीदें
static-ip-expired = स्थिर IP की अवधि समाप्त हो गई है, कृपया पहले नवीनीकृत करें
static-ip-renewed = इस बीच स्थिर IP नवीनीकृत हो गया, कृपया फिर से ऑर्डर करें
not-renewable = इसे अपने आप दोबारा नहीं खरीदा जा सकता
order-not-awaiting = ऑर्डर भुगतान की प्रतीक्षा में नहीं है
payment-method-unusable = यह भुगतान विधि इस राशि के लिए उपयोग नहीं हो सकती
field-not-sold = ऐसे प्रकार का है जो यहाँ नहीं बेचा जाता
field-regions-missing = बताना होगा कि किस देश में कितने, जैसे JP,2|US,1, और कुल amount के बराबर हो
field-country-not-sold = { $country } में नहीं बेचा जाता
field-held-elsewhere = { $country } होना चाहिए, जहाँ स्थिर IP है
field-renewals-missing = नवीनीकरण वाले स्थिर IP बताने होंगे, amount जितने
field-part-unknown = उत्पाद के विकल्पों में से एक होना चाहिए
field-not-paid-short = कम भुगतान वाले ऑर्डर की id होनी चाहिए
field-never-reduced = इस उत्पाद के लिए उपयोग नहीं हो सकता
field-too-much = ऑर्डर की सीमा से अधिक राशि है

# Extraction.
source-not-listed = कृपया पहले IP { $address } को अनुमति सूची में जोड़ें
no-traffic = उपयोग योग्य ट्रैफ़िक नहीं बचा है, कृपया पहले ख़रीदें
place-not-served = उस स्थान के लिए कोई निकास नहीं है
no-free-port = अभी आपके लिए कोई पोर्ट खाली नहीं है
extract-too-often = एंडपॉइंट बहुत बार निकाले गए, कृपया { $seconds } सेकंड बाद फिर कोशिश करें
entry-unserved = अभी कोई गेटवे इस प्रवेश को नहीं चला रहा है, कृपया थोड़ी देर बाद फिर कोशिश करें
field-place-form = अधिकतम 64 वर्णों का नाम होना चाहिए
field-format-unknown = json, 2, txt, text या 1 होना चाहिए
field-separator-too-long = 16 वर्णों से लंबा नहीं होना चाहिए

# Why connections failed, and what to do.
activity-bad-request = अनुरोध निश्चित रूप से पढ़ा नहीं जा सका। मान्य HTTP/1.1 या SOCKS5 भेजें
activity-bad-login = उपयोगकर्ता नाम के एक पैरामीटर का मान गलत है। उसे ठीक करें
activity-account-disabled = खाता बंद है। उपयोग करने के लिए उसे चालू करें
activity-customer-suspended = आप निलंबित हैं। ऑपरेटर से संपर्क करें
activity-customer-unverified = आप अभी सत्यापित नहीं हैं। पहले सत्यापन पूरा करें
activity-endpoint-ended = एंडपॉइंट का समय समाप्त हो गया था। दूसरा निकालें
activity-too-many-tunnels = जितने कनेक्शन की अनुमति है उतने खुले थे। पहले कुछ बंद करें
activity-too-many-connections = कनेक्शन बहुत तेज़ी से खोले गए। प्रति सेकंड कम खोलें
activity-place-not-served = कोई निकास उस स्थान की सेवा नहीं देता। दूसरा चुनें या उसे छोड़ दें
activity-no-exit = वहाँ कोई निकास कनेक्शन नहीं ले सका। बाद में फिर कोशिश करें या दूसरा स्थान चुनें
activity-static-ip-not-held = आपका कोई सक्रिय स्थिर IP मेल नहीं खाता। _ip-, उसकी समाप्ति और उपयोगकर्ता नाम में स्थान जाँचें
activity-target-denied = यह लक्ष्य यहाँ अनुमत नहीं है। दूसरा पता या पोर्ट चुनें
activity-exit-denies-target = निकास इस लक्ष्य से नहीं जुड़ता। दूसरा स्थान या सत्र चुनें
activity-exit-failed = लक्ष्य तक पहुँचने से पहले निकास विफल हो गया। फिर कोशिश करें
activity-exit-timed-out = निकास ने समय पर उत्तर नहीं दिया। फिर कोशिश करें
activity-exit-lost = टनल खुली रहते हुए निकास सेवा से बाहर हो गया। फिर से जुड़ें
activity-limit-reached = खाते की ट्रैफ़िक सीमा समाप्त हो गई है। सीमा बढ़ाएँ
activity-daily-limit-reached = खाते की दैनिक सीमा समाप्त हो गई है। उसे बढ़ाएँ या कल तक प्रतीक्षा करें
activity-no-traffic = किसी पैकेज में ट्रैफ़िक शेष नहीं है। ट्रैफ़िक खरीदें
activity-contended = शेष ट्रैफ़िक दूसरे कनेक्शनों के पास था। थोड़ी देर में फिर कोशिश करें
activity-stale = गेटवे का अपने भंडार से संपर्क टूट गया था। फिर कोशिश करें या ऑपरेटर से संपर्क करें
activity-draining = गेटवे बंद हो रहा था। फिर से जुड़ें
activity-overloaded = गेटवे अपनी सीमा पर था। थोड़ी देर में फिर कोशिश करें
activity-no-such-name = लक्ष्य के नाम का कोई पता नहीं है। वर्तनी जाँचें
activity-dns-failed = लक्ष्य का नाम हल नहीं हो सका। बाद में फिर कोशिश करें
activity-dns-timed-out = लक्ष्य का नाम समय पर हल नहीं हो सका। बाद में फिर कोशिश करें
activity-connect-refused = लक्ष्य ने कनेक्शन अस्वीकार किया। उसका पोर्ट जाँचें और देखें कि वह चल रहा है या नहीं
activity-unreachable = लक्ष्य तक कोई रास्ता नहीं है। उसका पता जाँचें या दूसरा निकास चुनें
activity-connect-timed-out = लक्ष्य ने समय पर उत्तर नहीं दिया। देखें कि वह चल रहा है या नहीं, या दूसरा निकास चुनें
activity-connect-failed = लक्ष्य से कनेक्शन विफल हुआ। फिर कोशिश करें
activity-origin-failed = लक्ष्य ने उत्तर देने से पहले कनेक्शन बंद कर दिया। फिर कोशिश करें या दूसरे निकास से
activity-origin-timed-out = लक्ष्य ने अनुरोध लिया पर समय पर उत्तर नहीं दिया। बाद में फिर कोशिश करें
activity-origin-broken = लक्ष्य का उत्तर मान्य HTTP/1.1 नहीं है। इसके बजाय टनल (CONNECT) का उपयोग करें
activity-broken-off = लक्ष्य ने कनेक्शन तोड़ दिया। जहाँ रुका था वहाँ से फिर शुरू करें
activity-stalled = बहुत देर तक कुछ पहुँचाया नहीं जा सका। जाँचें कि आपका क्लाइंट वह पढ़ता है जो उसने माँगा
activity-revoked = कनेक्शन समाप्त किया गया, क्योंकि खाता, पासवर्ड या अधिकार बदले गए, या ऑपरेटर ने किया। फिर से लॉग इन करें
activity-suppressed = एक मिनट में एक-एक कर रखे जाने से अधिक विफलताएँ हुईं। धीमे चलें और पहले की प्रविष्टियाँ देखें
field-reason-unknown = सूची में दिखाए गए शब्दों में से एक होना चाहिए
field-login-form = पैरामीटर सहित उपयोगकर्ता नाम होना चाहिए, जैसे user01_area-US
field-target-form = होस्ट और पोर्ट होना चाहिए, जैसे example.com:443
field-protocol-unknown = http, connect या socks5 होना चाहिए
