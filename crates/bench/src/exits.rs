//! Very many exits: how long it takes to choose one for any place, with a session and without, what each weighs in memory, and how
//! soon a change of one counts. In process: a connection costs a thousand times as much.

use std::hint::black_box;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use turnpike_atlas::atlas;
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Provenance, Region, Route, stirred};
use turnpike_domain::ids::{CustomerId, ExitId};
use turnpike_domain::login::SessionId;
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_domain::product::ProductType;
use turnpike_domain::session::SessionKey;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_gateway::exits::{Exits, Search, Sticky};

use crate::figures::{decimal, grouped};
use crate::{process, say};

/// Choices that are measured of each kind.
const CHOICES: u64 = 200_000;
/// The aims, in nanoseconds.
const WITHOUT_SESSION_NS: u64 = 2_000;
const WITH_SESSION_NS: u64 = 5_000;
/// The most memory an exit may take, in bytes.
const BYTES_AN_EXIT: u64 = 300;
/// How soon a change of an exit's state counts.
const CHANGE_AT_MOST: Duration = Duration::from_millis(10);
/// Whose traffic the exits take.
const TYPES: [ProductType; 2] = [ProductType::DynamicTraffic, ProductType::IdcTraffic];

/// Flags of `exits`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many exits.
    #[arg(long, default_value_t = 1_000_000)]
    exits: u64,
}

/// Measures and judges.
///
/// # Errors
/// When an aim is missed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let places = places();
    say(&format!("{} exits in {} cities", grouped(arguments.exits), grouped(length(&places))));
    let before = memory()?;
    let exits = Exits::new(|| Timestamp::from_ms(1_700_000_000_000));
    let began = Instant::now();
    exits.apply((0..arguments.exits).map(|number| entry(number, &places)).collect(), &[]);
    say(&format!("put on their shelves in {} ms", began.elapsed().as_millis()));
    let weight = memory()?.saturating_sub(before);
    let weight = weight.checked_div(arguments.exits).unwrap_or(0);
    say(&format!("memory: {weight} bytes an exit (at most {BYTES_AN_EXIT})"));
    let wishes = wishes(&places);
    let alone = choices(&exits, &wishes, "without a session", |_, _| None)?;
    let fresh = choices(&exits, &wishes, "with a new session", sticky)?;
    let kept = choices(&exits, &wishes, "with a session that has an exit", sticky)?;
    let (change, rebuilt) = changes(&exits, &places)?;
    say(&format!("a change of one exit's state counts after {} us (at most 10 ms)", change.as_micros()));
    say(&format!("one more exit counts after {} ms", rebuilt.as_millis()));
    ensure!(weight <= BYTES_AN_EXIT, "an exit takes too much memory");
    ensure!(
        alone <= WITHOUT_SESSION_NS && fresh <= WITH_SESSION_NS && kept <= WITH_SESSION_NS,
        "choosing takes too long"
    );
    ensure!(change <= CHANGE_AT_MOST, "a change counts too late");
    Ok(())
}

/// What this process has resident, in bytes.
fn memory() -> Result<u64> {
    Ok(process::usage(std::process::id())?.rss_kb.saturating_mul(1024))
}

fn length<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// Every city there is.
fn places() -> Vec<ExitPlace> {
    let mut places = Vec::new();
    for country in atlas().countries() {
        for city in atlas().cities(country) {
            let region = atlas().region_of(city);
            let region = region.map(|region| Region { name: region.spelled().into(), code: None });
            places.push(ExitPlace { country: country.code, region, city: Some(city.spelled().into()) });
        }
    }
    places
}

fn entry(number: u64, places: &[ExitPlace]) -> ExitEntry {
    let address = Ipv6Addr::from_bits((0x2001_0db8 << 96_u32) | u128::from(number));
    ExitEntry {
        id: ExitId::new(i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1)),
        route: Route::Address(address.into()),
        places: at(places, stirred(number)).cloned().into_iter().collect(),
        product_types: TYPES.to_vec(),
        capacity: None,
        weight: 1,
        state: ExitState::Active,
        provenance: Provenance::Owned,
    }
}

fn at<T>(list: &[T], number: u64) -> Option<&T> {
    list.get(usize::try_from(number.checked_rem(length(list))?).ok()?)
}

/// A thousand wishes: for a country, a state, a city or nothing.
fn wishes(places: &[ExitPlace]) -> Vec<PlaceWish> {
    let name = |text: &str| PlaceName::parse(text).ok();
    let wish = |number: u64| {
        let place = at(places, stirred(number))?;
        let (country, state, city) = (name(place.country.as_str()), name(place.state()), name(place.city()));
        Some(match number % 4 {
            0 => PlaceWish::default(),
            1 => PlaceWish { country, ..PlaceWish::default() },
            2 => PlaceWish { country, state, city: None },
            _ => PlaceWish { country, state, city },
        })
    };
    (0..1_000).filter_map(wish).collect()
}

fn sticky(number: u64, wish: &PlaceWish) -> Option<Sticky> {
    let session = SessionId::parse(&format!("s{number}"))?;
    let key = SessionKey::of(CustomerId::new(1), ProductType::DynamicTraffic, &session, wish);
    Some(Sticky { key, life: Span::from_secs(600) })
}

/// The median, in nanoseconds.
fn choices(
    exits: &Exits,
    wishes: &[PlaceWish],
    what: &str,
    sticky: impl Fn(u64, &PlaceWish) -> Option<Sticky>,
) -> Result<u64> {
    let mut each_ns = Vec::new();
    for number in 0..CHOICES {
        let place = at(wishes, number).context("there are wishes")?;
        // A login's key is part of what a session costs.
        let began = Instant::now();
        let sticky = sticky(number, place);
        let search = Search { product_type: ProductType::DynamicTraffic, place, sticky, chance: stirred(number) };
        let chosen = exits.choose(&search, &[], |_| true).map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        each_ns.push(u64::try_from(began.elapsed().as_nanos())?);
        black_box(chosen);
    }
    each_ns.sort_unstable();
    let at = |per_cent: usize| each_ns.get(each_ns.len().saturating_mul(per_cent) / 100).copied().unwrap_or(0);
    say(&format!("choosing {what}: median {} us, p99 {} us", decimal(at(50), 1_000, 2), decimal(at(99), 1_000, 2)));
    Ok(at(50))
}

/// How long until one exit that goes down is given to nobody, and until one more is there.
fn changes(exits: &Exits, places: &[ExitPlace]) -> Result<(Duration, Duration)> {
    let down = ExitEntry { state: ExitState::Down, ..entry(7, places) };
    let began = Instant::now();
    exits.apply(vec![down], &[]);
    let change = began.elapsed();
    let count = length(exits.pool().exits());
    let began = Instant::now();
    exits.apply(vec![entry(count, places)], &[]);
    let rebuilt = began.elapsed();
    ensure!(length(exits.pool().exits()) > count, "the new exit is not there");
    Ok((change, rebuilt))
}
