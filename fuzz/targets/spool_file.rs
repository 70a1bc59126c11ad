//! A spool file with damaged bytes: opening it refuses it or finds only leases that make sense, and it can be used.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use turnpike_domain::ids::{AccountId, LeaseId, NodeId};
use turnpike_domain::lease::Meter;
use turnpike_domain::units::Bytes;
use turnpike_spool::{SlotHeader, Spool};

struct Bench {
    folder: tempfile::TempDir,
    sound: Vec<u8>,
}

impl Bench {
    fn path(&self) -> PathBuf {
        self.folder.path().join("spool")
    }
}

/// A sound file with four leases in use.
static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
    let path = folder.path().join("spool");
    let opened = Spool::open(&path, 8, NodeId::new(7)).expect("a new spool");
    for number in 1..=4 {
        let granted = Bytes::new(1 << 20);
        let header = SlotHeader { lease: LeaseId::new(number), account: AccountId::new(number), granted };
        let meter = Meter::new(granted, opened.spool.claim(&header).expect("a free slot"));
        assert_eq!(meter.reserve(1000), 1000);
        meter.commit_unproven(1000);
        meter.give_back(10);
    }
    drop(opened);
    let sound = std::fs::read(&path).expect("the spool file");
    Bench { folder, sound }
});

fuzz_target!(|damage: (u16, Vec<(u16, u8)>)| {
    let (cut, damage) = damage;
    let mut bytes = BENCH.sound.clone();
    for (place, bits) in damage {
        let place = usize::from(place) % bytes.len();
        bytes[place] ^= bits;
    }
    bytes.truncate(if cut == 0 { bytes.len() } else { usize::from(cut) });
    std::fs::write(BENCH.path(), bytes).expect("writing the spool file");
    let Ok(opened) = Spool::open(&BENCH.path(), 8, NodeId::new(9)) else { return };
    assert!(opened.found.len() + opened.damaged.len() <= opened.spool.capacity());
    for found in &opened.found {
        assert!(found.delivered <= found.header.granted);
    }
    let header = SlotHeader { lease: LeaseId::new(99), account: AccountId::new(1), granted: Bytes::new(5) };
    if let Some(slot) = opened.spool.claim(&header) {
        slot.mark_settled();
    }
});
