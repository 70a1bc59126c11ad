//! The directory: who is let in, and how changes reach connections that are open.

use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::LimitGb;

use super::*;

fn key() -> MacKey {
    MacKey::new(&[9; 32])
}

fn directory() -> Directory {
    Directory::new((key(), || Timestamp::from_ms(0)), Duration::from_mins(5), Deadlines::default())
}

fn customer(id: i64) -> CustomerEntry {
    CustomerEntry {
        id: CustomerId::new(id),
        verified: true,
        suspended: false,
        max_tunnels: None,
        max_connections_per_second: None,
        packages_version: 0,
        sources: Vec::new(),
        static_ips: Vec::new(),
    }
}

fn account(id: i64, username: &str) -> AccountEntry {
    let username = Username::parse(username).unwrap();
    AccountEntry {
        id: AccountId::new(id),
        customer: CustomerId::new(1),
        username,
        password: PasswordMac::of(&key(), &username, b"secret"),
        product_type: ProductType::DynamicTraffic,
        enabled: true,
        limit: LimitGb::UNLIMITED,
        daily_limit: LimitGb::UNLIMITED,
    }
}

/// Loads a whole image, as the follower does.
fn load(directory: &Directory, accounts: &[AccountEntry]) {
    directory.apply(vec![customer(1)], accounts, Vec::new());
    directory.keep_only(&accounts.iter().map(|entry| entry.id).collect());
    directory.note_contact();
}

fn admit(directory: &Directory, login: &str, password: &str) -> Result<Permit, Refusal> {
    let source = ([127, 0, 0, 1], 1).into();
    let id = directory.desk().registry.number_accepted();
    let arrival = Arrival { id, accepted: Instant::now(), source, door: crate::line::Door::Login };
    directory.admit(&Login::parse(login).unwrap(), password.as_bytes(), (&arrival, Protocol::Connect))
}

fn refusal(directory: &Directory, login: &str, password: &str) -> Option<Refusal> {
    admit(directory, login, password).err()
}

#[tokio::test(start_paused = true)]
async fn nobody_is_admitted_before_the_first_news_and_after_five_silent_minutes() {
    let directory = directory();
    directory.apply(vec![customer(1)], &[account(1, "alice")], Vec::new());
    assert_eq!(refusal(&directory, "alice", "secret"), Some(Refusal::Stale));
    directory.note_contact();
    assert!(admit(&directory, "alice", "secret").is_ok());
    tokio::time::advance(Duration::from_mins(5)).await;
    assert!(admit(&directory, "alice", "secret").is_ok());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(refusal(&directory, "alice", "secret"), Some(Refusal::Stale));
    // Who has no credentials does not even learn that.
    assert_eq!(refusal(&directory, "alice", "wrong"), Some(Refusal::Credentials));
    directory.note_contact();
    assert!(admit(&directory, "alice", "secret").is_ok());
}

#[test]
fn only_the_owner_of_the_password_learns_how_the_account_stands() {
    let directory = directory();
    load(&directory, &[AccountEntry { enabled: false, ..account(1, "alice") }]);
    assert_eq!(refusal(&directory, "alice", "secret"), Some(Refusal::AccountDisabled));
    for (login, password) in [("alice", "wrong"), ("alice", ""), ("bob", "secret"), ("Alice", "secret")] {
        assert_eq!(refusal(&directory, login, password), Some(Refusal::Credentials));
    }
    directory.apply(vec![CustomerEntry { verified: false, ..customer(1) }], &[account(1, "alice")], Vec::new());
    assert_eq!(refusal(&directory, "alice", "secret"), Some(Refusal::CustomerUnverified));
}

#[test]
fn a_snapshot_ends_permits_of_accounts_that_are_gone_and_of_no_others() {
    let directory = directory();
    load(&directory, &[account(1, "alice"), account(2, "bob")]);
    let (alice, bob) = (admit(&directory, "alice", "secret").unwrap(), admit(&directory, "bob", "secret").unwrap());
    load(&directory, &[account(2, "bob"), account(3, "carol")]);
    assert!(alice.is_revoked() && !bob.is_revoked());
    assert_eq!(refusal(&directory, "alice", "secret"), Some(Refusal::Credentials));
    assert!(admit(&directory, "carol", "secret").is_ok());
}

#[test]
fn a_name_taken_over_in_one_batch_belongs_to_the_new_account() {
    let directory = directory();
    load(&directory, &[account(1, "alice")]);
    let old = admit(&directory, "alice", "secret").unwrap();
    directory.apply(Vec::new(), &[account(2, "alice")], vec![AccountId::new(1)]);
    assert!(old.is_revoked());
    assert_eq!(admit(&directory, "alice", "secret").unwrap().account(), AccountId::new(2));
    // The end of the old one, told once more and late, does not touch the new one.
    directory.apply(Vec::new(), &[], vec![AccountId::new(1)]);
    assert!(admit(&directory, "alice", "secret").is_ok());
}

#[test]
fn a_suspended_customers_permits_end_and_others_do_not() {
    let directory = directory();
    let other = AccountEntry { customer: CustomerId::new(2), ..account(2, "bob") };
    directory.apply(vec![customer(1), customer(2)], &[account(1, "alice"), other], Vec::new());
    directory.note_contact();
    let (alice, bob) = (admit(&directory, "alice", "secret").unwrap(), admit(&directory, "bob", "secret").unwrap());
    directory.apply(vec![CustomerEntry { suspended: true, ..customer(1) }], &[], Vec::new());
    assert!(alice.is_revoked() && !bob.is_revoked());
}

#[tokio::test]
async fn a_revocation_wakes_who_waits_for_it_and_later_ones_too() {
    let directory = Arc::new(directory());
    load(&directory, &[account(1, "alice")]);
    for round in 0..3 {
        let permit = admit(&directory, "alice", "secret").unwrap();
        let waiting = tokio::spawn(async move { permit.revoked().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "round {round}");
        let changed = AccountEntry { enabled: false, ..account(1, "alice") };
        directory.apply(Vec::new(), &[changed, account(1, "alice")], Vec::new());
        waiting.await.unwrap();
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn an_idle_account_takes_at_most_500_bytes() {
    // In a process of its own: what other tests take meanwhile is resident too.
    let alone = ["--exact", "directory::tests::idle_accounts_alone", "--ignored"];
    let measured = std::process::Command::new(std::env::current_exe().unwrap()).args(alone).output().unwrap();
    let told = String::from_utf8_lossy(&measured.stdout);
    assert!(measured.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
#[ignore = "measures its whole process; the test above runs it alone"]
fn idle_accounts_alone() {
    const ACCOUNTS: i64 = 100_000;
    let directory = directory();
    directory.apply((1..=10_000).map(customer).collect(), &[], Vec::new());
    let before = resident();
    for first in (0..ACCOUNTS).step_by(1000) {
        let batch: Vec<_> = (first..first + 1000).map(|id| account(id, &format!("user{id}"))).collect();
        directory.apply(Vec::new(), &batch, Vec::new());
    }
    let each = resident().saturating_sub(before) / u64::try_from(ACCOUNTS).unwrap();
    assert!(each <= 500, "{each} bytes");
    assert_eq!(directory.len(), usize::try_from(ACCOUNTS).unwrap());
}
