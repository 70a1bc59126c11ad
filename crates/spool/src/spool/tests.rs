//! The spool file: what survives, what is found again, and what damage does.

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use turnpike_domain::ids::{AccountId, LeaseId};
use turnpike_domain::lease::Counters;

use super::*;
use crate::layout::RawHeader;

const NODE: NodeId = NodeId::new(-77);

fn header(lease: i64) -> SlotHeader {
    SlotHeader { lease: LeaseId::new(lease), account: AccountId::new(lease * 10), granted: Bytes::new(1000) }
}

fn plain(slots: usize) -> Region {
    let header = RawHeader::default();
    header.write(HeaderFacts { node: NODE, slots: u64::try_from(slots).unwrap() });
    Region::Plain { header, slots: (0..slots).map(|_| RawSlot::default()).collect() }
}

/// Opens again what a process that died left behind.
fn after_death(opened: Opened) -> Opened {
    let Opened { spool, found, .. } = opened;
    drop(found);
    let shelf = Arc::into_inner(spool.shelf).expect("no slot outlives the process");
    Shelf::adopt(shelf.region).unwrap()
}

fn leases(opened: &Opened) -> Vec<(i64, u64)> {
    opened.found.iter().map(|found| (found.header.lease.get(), found.delivered.get())).collect()
}

#[test]
fn slots_are_handed_out_until_all_are_taken() {
    let spool = Shelf::adopt(plain(2)).unwrap().spool;
    let first = spool.claim(&header(1)).unwrap();
    let _second = spool.claim(&header(2)).unwrap();
    assert!(spool.claim(&header(3)).is_none());
    first.mark_settled();
    drop(first);
    assert!(spool.claim(&header(3)).is_some());
}

#[test]
fn what_was_counted_is_found_after_death_until_it_is_settled() {
    let opened = Shelf::adopt(plain(4)).unwrap();
    for lease in 1..=3 {
        let slot = opened.spool.claim(&header(lease)).unwrap();
        slot.used().fetch_add(100, Ordering::Relaxed);
        slot.returned().fetch_add(u64::try_from(lease).unwrap(), Ordering::Relaxed);
    }
    let opened = after_death(opened);
    assert_eq!(opened.spool.incarnation(), Incarnation { node: NODE, boot: 2 });
    assert_eq!(leases(&opened), [(1, 99), (2, 98), (3, 97)]);
    opened.found[1].slot.mark_settled();
    assert_eq!(leases(&after_death(opened)), [(1, 99), (3, 97)]);
}

#[test]
fn a_reused_slot_starts_from_zero() {
    let opened = Shelf::adopt(plain(1)).unwrap();
    let slot = opened.spool.claim(&header(1)).unwrap();
    slot.used().store(500, Ordering::Relaxed);
    slot.mark_settled();
    drop(slot);
    drop(opened.spool.claim(&header(2)).unwrap());
    assert_eq!(leases(&after_death(opened)), [(2, 0)]);
}

#[test]
fn a_damaged_slot_loses_its_own_lease_only() {
    let opened = Shelf::adopt(plain(3)).unwrap();
    for lease in 1..=3 {
        drop(opened.spool.claim(&header(lease)).unwrap());
    }
    opened.spool.shelf.raw(1).granted.fetch_xor(1 << 40, Ordering::Relaxed);
    let opened = after_death(opened);
    assert_eq!(opened.damaged, [1]);
    assert_eq!(leases(&opened), [(1, 0), (3, 0)]);
    assert!(opened.spool.claim(&header(4)).is_some());
}

#[test]
fn counters_beyond_the_grant_are_damage() {
    let opened = Shelf::adopt(plain(2)).unwrap();
    for (lease, used, returned) in [(1, 1001, 0), (2, 5, 6)] {
        let slot = opened.spool.claim(&header(lease)).unwrap();
        slot.used().store(used, Ordering::Relaxed);
        slot.returned().store(returned, Ordering::Relaxed);
    }
    let opened = after_death(opened);
    assert_eq!(opened.damaged.len(), 2);
}

#[test]
fn threads_share_a_slot() {
    let opened = Shelf::adopt(plain(1)).unwrap();
    let slot = opened.spool.claim(&header(1)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..50 {
                    slot.used().fetch_add(3, Ordering::Relaxed);
                }
            });
        }
    });
    drop(slot);
    assert_eq!(leases(&after_death(opened)), [(1, 300)]);
}

mod on_disk {
    use std::os::unix::fs::FileExt;

    use super::*;

    fn open(path: &Path) -> Result<Opened, SpoolError> {
        Spool::open(path, 8, NODE)
    }

    /// A file with leases 1 and 2 in it, used 10 and 20.
    fn written(path: &Path) {
        let opened = open(path).unwrap();
        for lease in 1..=2 {
            let slot = opened.spool.claim(&header(lease)).unwrap();
            slot.used().store(u64::try_from(lease).unwrap() * 10, Ordering::Relaxed);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "files cannot be mapped there")]
    fn a_file_outlives_its_spool_and_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        written(&path);
        let opened = Spool::open(&path, 99, NodeId::new(5)).unwrap();
        assert_eq!((opened.spool.incarnation().node, opened.spool.capacity()), (NODE, 8));
        assert_eq!(leases(&opened), [(1, 10), (2, 20)]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), HEADER_BYTES + 8 * SLOT_BYTES);
    }

    #[test]
    #[cfg_attr(miri, ignore = "files cannot be mapped there")]
    fn two_processes_cannot_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let opened = open(&path).unwrap();
        assert!(matches!(open(&path), Err(SpoolError::InUse)));
        drop(opened);
        assert!(open(&path).is_ok());
    }

    #[test]
    #[cfg_attr(miri, ignore = "files cannot be mapped there")]
    fn a_file_that_was_never_finished_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        for length in [0_u64, 4096, 10_000] {
            File::create(&path).unwrap().set_len(length).unwrap();
            assert_eq!(open(&path).unwrap().spool.capacity(), 8);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "files cannot be mapped there")]
    fn a_foreign_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        for text in ["short", &"no spool ".repeat(1000)] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(open(&path), Err(SpoolError::Damaged(_))));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        #[cfg_attr(miri, ignore = "files cannot be mapped there")]
        fn damage_is_told_and_never_believed(at in 0_u64..4096 + 8 * 128, bit in 0_u8..8) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("spool");
            written(&path);
            let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ (1 << bit)], at).unwrap();
            let in_header = at < 40;
            let seals_and_headers = |slot: u64| (at >= 4096 + slot * 128) && at < 4096 + slot * 128 + 32;
            match open(&path) {
                Err(SpoolError::Damaged(_)) => prop_assert!(in_header),
                Err(error) => prop_assert!(false, "{error}"),
                Ok(opened) => {
                    prop_assert!(!in_header);
                    for found in &opened.found {
                        let lease = found.header.lease.get();
                        prop_assert_eq!(found.header, header(lease));
                        prop_assert!(found.delivered <= found.header.granted);
                    }
                    let hit = (0..2).filter(|slot| seals_and_headers(*slot)).count();
                    prop_assert!(opened.found.len() + opened.damaged.len() >= 2);
                    prop_assert!(hit == 0 || opened.found.len() == 1);
                }
            }
        }

        #[test]
        #[cfg_attr(miri, ignore = "files cannot be mapped there")]
        fn a_truncated_file_is_refused(length in 1_u64..4096 + 8 * 128) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("spool");
            written(&path);
            OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
            prop_assert!(matches!(open(&path), Err(SpoolError::Damaged(_))));
        }
    }
}
