//! Times without a zone, in zones with and without summer time: what is read is written the same, unless clocks skip it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use turnpike_domain::calendar::Zone;
use turnpike_domain::trade_no::TradeNo;

static ZONES: LazyLock<[Zone; 3]> =
    LazyLock::new(|| ["UTC", "Asia/Shanghai", "America/New_York"].map(|name| Zone::named(name).expect("bundled")));

fuzz_target!(|text: &str| {
    if let Some(number) = TradeNo::parse(text) {
        assert_eq!(number.as_str(), text);
    }
    for (index, zone) in ZONES.iter().enumerate() {
        let Ok(at) = zone.parse(text) else { continue };
        let day = zone.day_of(at);
        assert!(zone.day_start(day) <= at);
        assert!(index != 0 || zone.format(at).starts_with(text));
    }
});
