//! The gateway's login: no text breaks it, and no parameter changes the account.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_domain::account::Username;
use turnpike_domain::login::Login;

fuzz_target!(|text: &str| {
    let account = text.split('_').next().unwrap_or_default();
    match Login::parse(text) {
        Ok(login) => {
            assert_eq!(login.username.as_str(), account);
            assert!((1..=1440).contains(&login.life.get()));
            let set = login.session.is_some() || login.ip.is_some() || !login.place.is_anywhere();
            assert!(!set || text.contains('_'));
        }
        Err(_) => assert!(Username::parse(account).is_err()),
    }
});
