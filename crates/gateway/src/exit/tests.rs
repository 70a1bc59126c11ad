//! Dialling over real sockets: by an own address, by one of a prefix, through upstreams that are well and through such as are not.
//! Time is paused: it goes on by itself when everybody waits.

mod faults;
mod probes;
mod told;

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use turnpike_domain::destination::{DestinationPolicy, PortSet};
use turnpike_domain::exit::{LoginTemplate, UpstreamPassword};

use super::*;

/// What a scripted upstream does next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Reads exactly these bytes.
    Hear(Vec<u8>),
    /// Reads up to an empty line, whatever it is.
    HearHead,
    /// Sends these at once.
    Say(Vec<u8>),
    /// Sends these one by one.
    Stammer(Vec<u8>),
    /// Does nothing more, and does not close.
    Hang,
}

pub(super) fn hear(bytes: &[u8]) -> Step {
    Step::Hear(bytes.to_vec())
}

pub(super) fn say(bytes: &[u8]) -> Step {
    Step::Say(bytes.to_vec())
}

/// An upstream that serves one connection after the other by the same script, and closes each behind it.
pub(super) async fn scripted(steps: Vec<Step>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, steps));
    address
}

pub(super) async fn serve(listener: TcpListener, steps: Vec<Step>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let steps = steps.clone();
        tokio::spawn(async move {
            for step in steps {
                perform(&mut stream, step).await;
            }
        });
    }
}

async fn perform(stream: &mut TcpStream, step: Step) {
    match step {
        Step::Hear(due) => {
            let mut heard = vec![0; due.len()];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(&due));
        }
        Step::HearHead => {
            let mut heard = Vec::new();
            while !heard.ends_with(b"\r\n\r\n") && stream.read_buf(&mut heard).await.unwrap() > 0 {}
        }
        Step::Say(bytes) => stream.write_all(&bytes).await.unwrap(),
        Step::Stammer(bytes) => {
            for byte in bytes {
                stream.write_all(&[byte]).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        Step::Hang => std::future::pending().await,
    }
}

/// What dials, and what it knows of one exit.
pub(super) struct Desk {
    pub(super) dialler: Dialler,
    pub(super) ward: Arc<Ward>,
    pub(super) health: Health,
}

pub(super) const EXIT: ExitId = ExitId::new(7);

impl Desk {
    pub(super) fn new() -> Self {
        let (settings, policy) = (Arc::new(Settings::default()), Arc::new(DestinationPolicy::default()));
        let (resolver, ward) = (Arc::new(Resolver::new(Arc::clone(&settings), policy)), Arc::<Ward>::default());
        Self { dialler: Dialler::new(settings, resolver, Arc::clone(&ward)), ward, health: Health::default() }
    }

    /// Dials a target by a route, without a session in Austin.
    pub(super) async fn dial(&self, route: &Route, target: &str) -> Result<Dialled, DialError> {
        let place = ExitPlace::parse("US/Texas/Austin").unwrap();
        self.dial_as(route, target, &Guise { place: &place, number: 1, life: None }).await
    }

    pub(super) async fn dial_as(&self, route: &Route, target: &str, guise: &Guise<'_>) -> Result<Dialled, DialError> {
        let target = Target::parse_authority(target).unwrap();
        let destinations: Vec<_> = match target {
            Target::Address(address) => {
                let allow_ports = PortSet::new([address.port()]).unwrap();
                let policy =
                    DestinationPolicy { allow_ports, allow_cidrs: everything(), ..DestinationPolicy::default() };
                vec![policy.classify(address).unwrap()]
            }
            Target::Name(..) => Vec::new(),
        };
        let way = Way { route, health: Some((EXIT, &self.health)) };
        self.dialler.dial(way, Errand { target: &target, destinations: &destinations }, guise).await
    }

    /// What went wrong.
    pub(super) async fn error(&self, route: &Route, target: &str) -> DialError {
        self.dial(route, target).await.expect_err("it was dialled")
    }
}

fn everything() -> Vec<ipnet::IpNet> {
    ["0.0.0.0/0", "::/0"].map(|net| net.parse().unwrap()).to_vec()
}

/// An upstream exit with a login, or without.
pub(super) fn upstream(scheme: &str, at: SocketAddr, login: Option<(&str, &str)>) -> Route {
    let username = login.map(|(username, _)| LoginTemplate::parse(username).unwrap());
    let password = UpstreamPassword::new(login.map_or("", |(_, password)| password).to_owned()).unwrap();
    Route::parse(&format!("{scheme}://{at}"), username, password).unwrap()
}

/// A port that nobody listens on.
pub(super) async fn nowhere() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

/// What a stream carries until its end, behind what came early.
pub(super) async fn rest(mut dialled: Dialled) -> Vec<u8> {
    let mut all = std::mem::take(&mut dialled.early);
    dialled.stream.read_to_end(&mut all).await.unwrap();
    all
}

#[tokio::test]
async fn an_own_address_is_what_the_target_sees() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let desk = Desk::new();
    let dialled = desk.dial(&Route::Address("127.0.1.9".parse().unwrap()), &target).await.unwrap();
    assert_eq!(listener.accept().await.unwrap().1.ip(), dialled.stream.local_addr().unwrap().ip());
    assert_eq!(dialled.stream.local_addr().unwrap().ip(), "127.0.1.9".parse::<std::net::IpAddr>().unwrap());
}

#[tokio::test]
async fn an_address_that_is_not_here_is_the_exits_fault_and_never_replaced() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let (desk, route) = (Desk::new(), Route::Address("192.0.2.7".parse().unwrap()));
    for _ in 0..3 {
        assert!(!desk.health.is_out());
        assert_eq!(desk.error(&route, &target).await, ExitFault::NotHere.into());
    }
    assert!(desk.health.is_out());
    assert_eq!(desk.ward.counts().faults.iter().find(|(word, _)| *word == "not_here"), Some(&("not_here", 3)));
    assert!(listener.into_std().unwrap().accept().is_err(), "somebody connected all the same");
}

#[tokio::test]
async fn targets_of_the_other_family_are_out_of_reach_and_nobodys_fault() {
    let desk = Desk::new();
    let v6: Route = Route::Prefix("2001:db8::/64".parse().unwrap());
    for route in [v6, Route::Address("::1".parse().unwrap())] {
        assert_eq!(desk.error(&route, "127.0.0.1:9").await, Refusal::Unreachable.into());
    }
    assert_eq!(desk.error(&Route::Address("127.0.0.1".parse().unwrap()), "[::1]:9").await, Refusal::Unreachable.into());
    assert!(!desk.health.is_out());
}

#[tokio::test]
async fn a_target_that_refuses_takes_no_exit_out() {
    let (desk, target) = (Desk::new(), nowhere().await.to_string());
    for _ in 0..10 {
        assert_eq!(
            desk.error(&Route::Address("127.0.0.1".parse().unwrap()), &target).await,
            Refusal::ConnectRefused.into()
        );
    }
    assert_eq!(desk.health.state(), turnpike_domain::exit::HealthState::default());
}

#[tokio::test]
async fn a_session_leaves_by_one_address_of_the_prefix_and_no_interface_has_it() {
    let prefix = "fd7a:115c:a1e0::/64".parse().unwrap();
    let left = |number| {
        let source = Source::Routed(address_in(prefix, number));
        connect::left_from(source, "[::1]:9".parse().unwrap()).unwrap()
    };
    let (one, other) = (left(1), left(2));
    assert!(prefix.contains(&one) && prefix.contains(&other) && one != other);
    assert_eq!(left(1), one);
}
