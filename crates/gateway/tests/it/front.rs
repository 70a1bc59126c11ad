//! What clients and origins may say, and what the gateway makes of it, byte by byte: scripted peers on both sides.

mod answers;
mod bad_input;
mod bad_input_cases;
mod bodies;
mod client;
mod destinations;
mod forward;
mod hostile_origin;
mod keep_alive;
mod name_server;
mod origin;
mod tunnels;

use std::time::Duration;

use turnpike_domain::destination::PortSet;
use turnpike_gateway::settings::Settings;

use self::client::Client;
use crate::support::{House, USER};

/// The usual account's login, as `Proxy-Authorization` carries it.
const LOGIN: &str = "Proxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n";

/// A gateway that may connect to any port of loopback, for an account with a gigabyte.
async fn start() -> House {
    start_with(|_| {}).await
}

/// The same with other settings.
async fn start_with(change: impl FnOnce(&mut Settings)) -> House {
    House::with(1 << 30, |_, settings| {
        settings.threads = 1;
        settings.destinations.allow_ports = PortSet::new(1..=u16::MAX).unwrap();
        settings.destinations.allow_cidrs.push("::1/128".parse().unwrap());
        change(settings);
    })
    .await
}

async fn connect(house: &House) -> Client {
    Client::connect(house.gateway.local_addr()).await
}

/// Ends the gateway in order, and gives what was billed.
async fn billed(house: House) -> u64 {
    house.gateway.drain(Duration::from_secs(10)).await;
    house.store.settled(USER).await
}
