//! What a client wishes of the way out, from its login or from the port it came by.

use std::net::IpAddr;

use turnpike_domain::ids::CustomerId;
use turnpike_domain::login::Login;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;
use turnpike_domain::session::SessionKey;

use crate::exits::Sticky;

/// The wishes of one client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// Where the exit shall be.
    pub(crate) place: PlaceWish,
    /// Which session the connection belongs to.
    pub(crate) sticky: Option<Sticky>,
    /// Which of its customer's static IPs it shall leave by.
    pub(crate) ip: Option<IpAddr>,
}

impl Wishes {
    /// Those of a login; `None` when it has none.
    pub(crate) fn of(login: &Login, customer: CustomerId, product_type: ProductType) -> Option<Box<Self>> {
        let Login { place, session, life, ip, .. } = login;
        if place.is_anywhere() && session.is_none() && ip.is_none() {
            return None;
        }
        let sticky = session
            .as_ref()
            .map(|session| Sticky { key: SessionKey::of(customer, product_type, session, place), life: life.span() });
        Some(Box::new(Self { place: place.clone(), sticky, ip: ip.map(|ip| ip.to_canonical()) }))
    }
}
