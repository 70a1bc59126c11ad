//! What is granted, what is booked, and what time plans pace.

use super::*;
use crate::ids::LeaseId;

const NOW: Timestamp = Timestamp::from_ms(1_000_000);

fn package(id: i64, size: u64, used: u64, held: u64) -> PackageQuota {
    PackageQuota {
        id: PackageId::new(id),
        size: Bytes::new(size),
        used: Bytes::new(used),
        held: Bytes::new(held),
        expires_at: NOW.plus(Span::from_days(1)),
        pace: None,
    }
}

fn ask(node_holds: u64) -> Ask {
    Ask { want: Bytes::MAX, node_holds: Bytes::new(node_holds), now: NOW }
}

#[test]
fn a_fresh_package_gives_the_largest_lease() {
    let terms = grant(&LeasePolicy::default(), &AccountQuota::default(), &[package(1, 1 << 35, 0, 0)], ask(0));
    assert_eq!(terms.unwrap().bytes, Bytes::new(16 << 20));
}

#[test]
fn no_gateway_holds_more_than_a_thousandth_of_what_it_draws_on_unless_that_is_next_to_nothing() {
    let gives = |account: &AccountQuota, size: u64, held: u64| {
        let policy = LeasePolicy { doubt_share: 1024, ..LeasePolicy::default() };
        grant(&policy, account, &[package(1, size, 0, 0)], ask(held)).map(|terms| terms.bytes.get())
    };
    assert_eq!(gives(&unlimited(), 1 << 30, 0), Ok(1 << 20));
    assert_eq!(gives(&unlimited(), 1 << 30, 1000), Ok((1 << 20) - 1000));
    assert_eq!(gives(&unlimited(), 1 << 30, 1 << 20), Err(Denial::Contended));
    assert_eq!(gives(&unlimited(), 1 << 20, 0), Ok(64 << 10));
    let limit = LimitGb::new(2).unwrap();
    assert_eq!(gives(&AccountQuota { limit, ..unlimited() }, 1 << 34, 0), Ok(2 << 20));
    assert_eq!(gives(&AccountQuota { daily_limit: limit, ..unlimited() }, 1 << 34, 0), Ok(2 << 20));
}

#[test]
fn beside_the_store_only_what_is_free_bounds_a_lease() {
    let policy = LeasePolicy { largest_beside: Some(Bytes::new(1 << 28)), ..LeasePolicy::default() };
    let gives = |policy: &LeasePolicy| {
        grant(policy, &unlimited(), &[package(1, 1 << 30, 0, 0)], ask(0)).map(|terms| terms.bytes.get())
    };
    assert_eq!((gives(&policy), gives(&policy.beside())), (Ok((1 << 30) / 1280), Ok(1 << 28)));
    assert_eq!((policy.escrows(), policy.beside().escrows()), (true, false));
}

#[test]
fn nobody_gets_more_than_it_wants_unless_that_is_next_to_nothing() {
    let wants = |want: u64| {
        let ask = Ask { want: Bytes::new(want), ..ask(0) };
        grant(&LeasePolicy::default(), &AccountQuota::default(), &[package(1, 1 << 34, 0, 0)], ask).unwrap().bytes
    };
    assert_eq!((wants(1 << 20).get(), wants(0).get()), (1 << 20, 64 << 10));
}

#[test]
fn leases_shrink_as_the_limit_nears_and_the_last_bytes_are_given() {
    let policy = LeasePolicy { doubt_share: 1, ..LeasePolicy::default() };
    let account = AccountQuota::default();
    let near = grant(&policy, &account, &[package(1, 4 << 20, 0, 0)], ask(0)).unwrap();
    assert_eq!(near.bytes, Bytes::new(1 << 20));
    let last = grant(&policy, &account, &[package(1, 1000, 0, 0)], ask(0)).unwrap();
    assert_eq!(last.bytes, Bytes::new(1000));
}

#[test]
fn held_quota_is_contended_and_used_quota_is_gone() {
    let policy = LeasePolicy::default();
    let account = AccountQuota::default();
    assert_eq!(grant(&policy, &account, &[package(1, 100, 40, 60)], ask(0)), Err(Denial::Contended));
    assert_eq!(grant(&policy, &account, &[package(1, 100, 100, 0)], ask(0)), Err(Denial::NoTraffic));
    assert_eq!(grant(&policy, &account, &[], ask(0)), Err(Denial::NoTraffic));
}

#[test]
fn the_next_package_gives_when_the_first_is_empty() {
    let packages = [package(1, 100, 100, 0), package(2, 100, 0, 0)];
    let terms = grant(&LeasePolicy::default(), &AccountQuota::default(), &packages, ask(0)).unwrap();
    assert_eq!(terms.package, PackageId::new(2));
}

#[test]
fn a_lease_ends_with_its_package() {
    let mut package = package(1, 1 << 30, 0, 0);
    package.expires_at = NOW.plus(Span::from_secs(5));
    let terms = grant(&LeasePolicy::default(), &AccountQuota::default(), &[package], ask(0)).unwrap();
    assert_eq!(terms.valid_for, Span::from_secs(5));
}

#[test]
fn a_plan_is_shared_by_turns_and_what_is_handed_back_flows_again() {
    let mut plan = PackageQuota { pace: Pace::new(8000, 0), ..package(1, 1 << 60, 0, 0) };
    let asks = |plan: &PackageQuota| grant(&LeasePolicy::default(), &unlimited(), std::slice::from_ref(plan), ask(0));
    let first = asks(&plan).unwrap();
    assert_eq!((first.bytes.get(), first.paced()), (325_000, Some(Span::from_ms(0))));
    plan.give(&first);
    let second = asks(&plan).unwrap();
    assert_eq!(second.paced(), Some(Span::from_ms(125)));
    plan.give(&second);
    let used = Bytes::new(25_000);
    let booking = book(&LeaseBook::granted(first.bytes), &LeaseReport::last(LeaseId::new(1), used), Bytes::ZERO);
    plan.take_in(&booking);
    assert_eq!((plan.used, plan.held), (used, second.bytes));
    assert!(asks(&plan).unwrap().paced() <= Some(Span::from_ms(0)), "300 ms came back");
}

#[test]
fn a_plan_whose_bandwidth_is_in_use_says_when_to_come_again_and_no_other_package_steps_in() {
    let paid = NOW.ms() * 1000 + 1_000_000;
    let plan = PackageQuota { pace: Pace::new(8000, paid), ..package(1, 1 << 60, 0, 0) };
    let packages = [plan, package(2, 1 << 30, 0, 0)];
    let denied = grant(&LeasePolicy::default(), &unlimited(), &packages, ask(0)).unwrap_err();
    assert!(matches!(denied, Denial::Paced(again) if again.after > Span::from_ms(500)), "{denied:?}");
    assert!(denied.is_passing());
}

#[test]
fn room_is_the_least_that_limits_and_package_leave() {
    let gigabyte = 1 << 30;
    let limit = LimitGb::new(1).unwrap();
    let account = AccountQuota { limit, used: Bytes::new(gigabyte - 100), held: Bytes::new(40), ..unlimited() };
    assert_eq!(room(&account, &package(1, 1000, 0, 0)), Bytes::new(60));
    assert_eq!(room(&account, &package(1, 1000, 950, 10)), Bytes::new(40));
    let today = AccountQuota { daily_limit: limit, day_used: Bytes::new(gigabyte), ..account };
    assert_eq!(room(&today, &package(1, 1000, 0, 0)), Bytes::ZERO);
    assert_eq!(room(&unlimited(), &package(1, 1000, 0, 0)), Bytes::new(1000));
}

fn unlimited() -> AccountQuota {
    AccountQuota::default()
}

fn report(used: u64, ceiling: u64, last: bool) -> LeaseReport {
    let used = Bytes::new(used);
    LeaseReport { lease: LeaseId::new(1), used, written: used, ceiling: Bytes::new(ceiling), last }
}

fn lease(ceiling: u64, used: u64) -> LeaseBook {
    LeaseBook { used: Bytes::new(used), written: Bytes::new(used), ..LeaseBook::granted(Bytes::new(ceiling)) }
}

#[test]
fn a_report_that_comes_twice_or_late_changes_nothing() {
    let first = book(&lease(100, 0), &report(60, 100, false), Bytes::ZERO);
    assert_eq!((first.used, first.freed), (Bytes::new(60), Bytes::new(60)));
    for late in [report(60, 100, false), report(10, 100, false)] {
        let again = book(&first.lease, &late, Bytes::ZERO);
        assert_eq!((again.used, again.freed, &again.lease), (Bytes::ZERO, Bytes::ZERO, &first.lease));
    }
}

#[test]
fn a_recalled_lease_frees_what_it_will_not_use() {
    let booking = book(&lease(100, 10), &report(10, 30, false), Bytes::ZERO);
    assert_eq!((booking.used, booking.freed), (Bytes::ZERO, Bytes::new(70)));
    assert_eq!(booking.lease.held(), Bytes::new(20));
}

#[test]
fn a_lapsed_lease_books_only_what_there_is_room_for() {
    let booking = book(&LeaseBook { lapsed: true, ..lease(100, 10) }, &report(90, 100, true), Bytes::new(25));
    assert_eq!((booking.used, booking.freed, booking.done), (Bytes::new(25), Bytes::ZERO, true));
}

#[test]
fn written_bytes_stay_held_and_open_the_window() {
    let written = |used, written, ceiling| {
        let [used, written, ceiling] = [used, written, ceiling].map(Bytes::new);
        LeaseReport { lease: LeaseId::new(1), used, written, ceiling, last: false }
    };
    let after = book(&lease(100, 0), &written(10, 70, 100), Bytes::ZERO).lease;
    assert_eq!((after.held().get(), after.unwritten().get()), (90, 30));
    // 50 of the 70 were lost with their connection: they are free for all, and no more may be written than before.
    let after = book(&after, &written(20, 20, 50), Bytes::ZERO).lease;
    assert_eq!((after.held().get(), after.unwritten().get()), (30, 30));
    let late = book(&after, &written(10, 10, 100), Bytes::ZERO).lease;
    assert_eq!(late, after);
}
