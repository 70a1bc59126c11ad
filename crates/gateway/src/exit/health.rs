//! An exit's health while it serves: read by every thread that chooses, changed by how connections and probes end, without a lock.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use turnpike_domain::exit::{Failure, HealthState};

/// How an exit is.
#[derive(Debug, Default)]
pub(crate) struct Health {
    state: AtomicU64,
    /// In which second it was last suspected, counted from 1.
    suspected: AtomicU32,
}

/// What a change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flip {
    /// It went out.
    Out,
    /// It came back.
    Back,
    /// It is as in or out as before.
    None,
}

impl Health {
    /// Whether no connection may leave by it.
    pub(crate) fn is_out(&self) -> bool {
        self.state().is_out()
    }

    /// How it is.
    pub(crate) fn state(&self) -> HealthState {
        HealthState::from_bits(self.state.load(Ordering::Relaxed))
    }

    /// What was is of no account any more: it leaves by another route now.
    pub(crate) fn forget(&self) {
        self.state.store(HealthState::default().to_bits(), Ordering::Relaxed);
    }

    /// A connection was made.
    pub(super) fn succeeded(&self) {
        // Usually there is nothing to forgive, and nothing is written.
        if self.state.load(Ordering::Relaxed) != HealthState::default().to_bits() {
            self.change(HealthState::succeeded);
        }
    }

    /// A connection could not be made.
    pub(super) fn failed(&self, failure: Failure, now_ms: u64, seed: u64) -> Flip {
        self.change(|state| state.failed(failure, now_ms, seed))
    }

    /// A probe ended.
    pub(super) fn probed(&self, outcome: Result<(), Failure>, now_ms: u64, seed: u64) -> Flip {
        self.change(|state| state.probed(outcome, now_ms, seed))
    }

    /// It may be ill, or it may be the target. Whether somebody should look: once a second at most.
    pub(super) fn suspect(&self, now_ms: u64) -> bool {
        let second = u32::try_from(now_ms / 1_000).unwrap_or(u32::MAX).saturating_add(1);
        self.suspected.swap(second, Ordering::Relaxed) != second
    }

    fn change(&self, step: impl Fn(HealthState) -> HealthState) -> Flip {
        let mut bits = self.state.load(Ordering::Relaxed);
        loop {
            let before = HealthState::from_bits(bits);
            let after = step(before);
            match self.state.compare_exchange_weak(bits, after.to_bits(), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    return match (before.is_out(), after.is_out()) {
                        (false, true) => Flip::Out,
                        (true, false) => Flip::Back,
                        _ => Flip::None,
                    };
                }
                Err(present) => bits = present,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    #[test]
    fn threads_that_change_it_at_once_see_each_flip_once() {
        let (health, balance) = (Health::default(), AtomicI64::new(0));
        std::thread::scope(|scope| {
            for seed in 0..4_u64 {
                let (health, balance) = (&health, &balance);
                scope.spawn(move || {
                    for step in 0..20_000 {
                        let flip = match (step + seed) % 4 {
                            0 => health.failed(Failure::Hung, step, seed),
                            1 => health.probed(Ok(()), step, seed),
                            2 => health.failed(Failure::Prompt, step, seed),
                            _ => {
                                health.succeeded();
                                Flip::None
                            }
                        };
                        let change = match flip {
                            Flip::Out => 1,
                            Flip::Back => -1,
                            Flip::None => 0,
                        };
                        balance.fetch_add(change, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(balance.load(Ordering::Relaxed), i64::from(health.is_out()));
    }

    #[test]
    fn suspicion_is_passed_on_once_a_second() {
        let health = Health::default();
        let passed: Vec<_> = (0..2_500).step_by(100).filter(|now_ms| health.suspect(*now_ms)).collect();
        assert_eq!(passed, [0, 1_000, 2_000]);
    }

    #[test]
    fn another_route_has_no_past() {
        let health = Health::default();
        assert_eq!(health.failed(Failure::Hung, 0, 1), Flip::Out);
        health.forget();
        assert!(!health.is_out());
    }
}
