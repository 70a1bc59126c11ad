//! Exits that are out come back once they work again, and no sooner; those that are silently ill are found out.

use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use turnpike_domain::exit::{ExitEntry, ExitState, Provenance};
use turnpike_domain::product::ProductType;
use turnpike_domain::secret::MacKey;
use turnpike_domain::time::Timestamp;

use super::*;
use crate::directory::Directory;
use crate::exits::LiveExit;
use crate::listener::Rules;
use crate::ports::Clock;
use crate::settings::Deadlines;

/// A gateway's prober, and one exit.
struct Rig {
    desk: Desk,
    exit: Arc<LiveExit>,
    route: Route,
    _stop: DropGuard,
}

impl Rig {
    fn new(route: Route) -> Self {
        Self::with(route, |_| {})
    }

    fn with(route: Route, change: impl FnOnce(&mut Settings)) -> Self {
        let desk = Desk::new();
        let mut settings = Settings::default();
        change(&mut settings);
        let rules = Rules { settings: Arc::new(settings), policy: Arc::default() };
        let clock: Clock = || Timestamp::from_ms(0);
        let key = MacKey::new(&[7; 32]);
        let directory = Arc::new(Directory::new((key, clock), Duration::MAX, Deadlines::default()));
        directory.apply_exits(vec![entry(route.clone())], &[]);
        let exit = directory.exits().pool().exit(EXIT).cloned().unwrap();
        let prober = Prober::new(directory, Arc::clone(&desk.ward), Arc::new(ArcSwap::from_pointee(rules)));
        let stop = CancellationToken::new();
        tokio::spawn(prober.run(stop.clone()));
        Self { desk, exit, route, _stop: stop.drop_guard() }
    }

    async fn dial(&self) -> Result<Dialled, DialError> {
        let (place, target) = (ExitPlace::parse("US").unwrap(), Target::parse_authority("target.example:443").unwrap());
        let guise = Guise { place: &place, number: 1, life: None };
        let way = Way { route: &self.route, health: Some((EXIT, &self.exit.health)) };
        self.desk.dialler.dial(way, Errand { target: &target, destinations: &[] }, &guise).await
    }

    async fn go_out(&self) {
        for _ in 0..3 {
            self.dial().await.expect_err("it was dialled");
        }
        assert!(self.exit.health.is_out());
    }

    /// Waits on the paused clock, which goes on when everybody waits.
    async fn until_out(&self, out: bool) {
        let begun = Instant::now();
        while self.exit.health.is_out() != out {
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert!(begun.elapsed() < Duration::from_mins(10), "it stays as it is");
        }
    }
}

fn entry(route: Route) -> ExitEntry {
    ExitEntry {
        id: EXIT,
        route,
        places: vec![ExitPlace::parse("US").unwrap()],
        product_types: vec![ProductType::DynamicTraffic],
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Owned,
    }
}

#[tokio::test(start_paused = true)]
async fn an_exit_comes_back_by_a_probe_and_on_trial() {
    let at = nowhere().await;
    let rig = Rig::new(upstream("socks5", at, None));
    rig.go_out().await;
    let begun = Instant::now();
    tokio::spawn(serve(TcpListener::bind(at).await.unwrap(), vec![hear(&[5, 1, 0]), say(&[5, 0])]));
    rig.until_out(false).await;
    assert!(begun.elapsed() <= Duration::from_millis(1_100), "{:?}", begun.elapsed());
    assert_eq!(rig.desk.ward.counts().recoveries, 1);
    // What it can do without a target it does; with one it goes on failing.
    assert_eq!(rig.dial().await.unwrap_err(), ExitFault::Closed.into());
    assert!(rig.exit.health.is_out(), "one failure is one too many for one on trial");
}

#[tokio::test(start_paused = true)]
async fn probes_come_ever_more_seldom_up_to_half_a_minute() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let rig = Rig::with(upstream("socks5", listener.local_addr().unwrap(), None), |settings| {
        settings.exits.probe_every_s = 0;
    });
    let dialling = async {
        for _ in 0..3 {
            drop(listener.accept().await.unwrap());
        }
    };
    tokio::join!(dialling, rig.go_out());
    let mut before = Instant::now();
    for longest_s in [1, 2, 4, 8, 16, 30, 30] {
        drop(listener.accept().await.unwrap());
        let (wait, longest) = (before.elapsed(), Duration::from_secs(longest_s));
        before = Instant::now();
        assert!(longest / 2 <= wait && wait <= longest + Duration::from_millis(50), "{wait:?} of {longest:?}");
    }
    assert!(rig.exit.health.is_out());
    assert_eq!(rig.desk.ward.counts().recoveries, 0);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_fell_silent_is_found_out_before_anybody_comes() {
    let at = scripted(vec![Step::Hang]).await;
    for scheme in ["http", "socks5"] {
        let (rig, begun) = (Rig::new(upstream(scheme, at, None)), Instant::now());
        rig.until_out(true).await;
        assert!(begun.elapsed() < Duration::from_secs(33), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_well_upstream_stays_in_and_one_that_takes_no_login_any_more_does_not() {
    let well = scripted(vec![Step::HearHead, say(b"HTTP/1.1 400 Bad Request\r\n\r\n")]).await;
    let ill = scripted(vec![Step::HearHead, say(b"HTTP/1.1 407 No\r\n\r\n")]).await;
    let (well, ill) = (Rig::new(upstream("http", well, None)), Rig::new(upstream("http", ill, Some(("u", "p")))));
    ill.until_out(true).await;
    while well.desk.ward.counts().probes < 5 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(well.desk.ward.counts().failed_probes, 0);
    assert!(!well.exit.health.is_out());
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_swallows_a_request_is_looked_into_while_somebody_waits() {
    let at = scripted(vec![Step::HearHead, Step::Hang]).await;
    let rig = Rig::with(upstream("http", at, None), |settings| settings.exits.probe_every_s = 0);
    let begun = Instant::now();
    tokio::select! {
        dialled = rig.dial() => panic!("it was given up first: {dialled:?}"),
        () = rig.until_out(true) => {}
    }
    assert!(begun.elapsed() < Duration::from_millis(4_500), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_not_here_stays_out_and_one_that_is_comes_back() {
    let gone = Rig::new(Route::Address("192.0.2.7".parse().unwrap()));
    gone.until_out(true).await;
    while gone.desk.ward.counts().failed_probes < 6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!((gone.exit.health.is_out(), gone.desk.ward.counts().recoveries), (true, 0));
    let here = Rig::new(Route::Address(Ipv4Addr::LOCALHOST.into()));
    for _ in 0..3 {
        let failed = DialError::from(ExitFault::NotHere);
        here.desk.ward.note((EXIT, &here.exit.health), Some(&failed));
    }
    here.until_out(true).await;
    here.until_out(false).await;
}
