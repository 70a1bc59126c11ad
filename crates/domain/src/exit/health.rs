//! Whether an exit can be used, as told by how its last connections and probes ended. A pure state machine: time comes in as
//! milliseconds of any clock that only goes forward.

use super::stirred;

/// So many failures in a row, and an exit is out.
pub const FAILURES_IN_A_ROW: u8 = 3;
/// The longest wait before the first probe of an exit that went out, in milliseconds.
const FIRST_PAUSE_MS: u64 = 1_000;
/// The longest wait before any probe, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 30_000;
/// Outages and probes beyond so many make no wait longer.
const MOST_COUNTED: u8 = 15;

/// How an exit is. One that was never used is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Connections leave by it.
    In {
        /// How many failures in a row there were.
        failures: u8,
        /// How often it went out since a connection last succeeded.
        outages: u8,
    },
    /// No connection leaves by it.
    Out {
        /// How many probes in a row failed.
        failed_probes: u8,
        /// How often it went out since a connection last succeeded, this time included.
        outages: u8,
        /// When it is to be probed.
        due_ms: u64,
    },
}

/// How an attempt went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was told so: refused, unreachable, a bad login.
    Prompt,
    /// Nothing was heard at all. Whoever comes next would wait as long, so once is enough.
    Hung,
}

impl Default for HealthState {
    fn default() -> Self {
        Self::In { failures: 0, outages: 0 }
    }
}

impl HealthState {
    /// Whether no connection leaves by it.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Out { .. })
    }

    /// A connection was made. One that is out stays out: what succeeds now was begun before.
    #[must_use]
    pub const fn succeeded(self) -> Self {
        match self {
            Self::In { .. } => Self::In { failures: 0, outages: 0 },
            out @ Self::Out { .. } => out,
        }
    }

    /// A connection could not be made, and the exit is to blame. Exits with different seeds are probed at different moments.
    #[must_use]
    pub fn failed(self, failure: Failure, now_ms: u64, seed: u64) -> Self {
        let Self::In { failures, outages } = self else { return self };
        let failures = failures.saturating_add(1);
        if failure == Failure::Prompt && failures < FAILURES_IN_A_ROW {
            return Self::In { failures, outages };
        }
        let outages = outages.saturating_add(1).min(MOST_COUNTED);
        Self::Out { failed_probes: 0, outages, due_ms: due(now_ms, outages, seed) }
    }

    /// A probe ended. One that was out comes back on trial: the next failure takes it out again, and for longer.
    #[must_use]
    pub fn probed(self, outcome: Result<(), Failure>, now_ms: u64, seed: u64) -> Self {
        match (self, outcome) {
            (Self::In { .. }, Ok(())) => self,
            (Self::In { .. }, Err(failure)) => self.failed(failure, now_ms, seed),
            (Self::Out { outages, .. }, Ok(())) => Self::In { failures: FAILURES_IN_A_ROW.saturating_sub(1), outages },
            (Self::Out { failed_probes, outages, .. }, Err(_)) => {
                let failed_probes = failed_probes.saturating_add(1).min(MOST_COUNTED);
                let due_ms = due(now_ms, outages.saturating_add(failed_probes), seed);
                Self::Out { failed_probes, outages, due_ms }
            }
        }
    }

    /// In 64 bits, for an atomic; one that was never used is 0.
    pub const fn to_bits(self) -> u64 {
        match self {
            Self::In { failures, outages } => u64::from_le_bytes([failures, outages, 0, 0, 0, 0, 0, 0]),
            Self::Out { failed_probes, outages, due_ms } => {
                let due_ms = if due_ms > LAST_MS { LAST_MS } else { due_ms };
                OUT | (due_ms << 16) | u64::from_le_bytes([failed_probes, outages, 0, 0, 0, 0, 0, 0])
            }
        }
    }

    /// From 64 bits.
    pub const fn from_bits(bits: u64) -> Self {
        let [count, outages, ..] = bits.to_le_bytes();
        match bits & OUT {
            0 => Self::In { failures: count, outages },
            _ => Self::Out { failed_probes: count, outages, due_ms: (bits & !OUT) >> 16 },
        }
    }
}

const OUT: u64 = 1 << 63;
/// The last moment that fits: 4 000 years after the clock's first.
const LAST_MS: u64 = u64::MAX >> 17;

/// When to probe next, the `nth` time: within the second half of a wait that doubles.
fn due(now_ms: u64, nth: u8, seed: u64) -> u64 {
    let doublings = u32::from(nth.saturating_sub(1));
    let longest_ms =
        1_u64.checked_shl(doublings).unwrap_or(u64::MAX).saturating_mul(FIRST_PAUSE_MS).min(LONGEST_PAUSE_MS);
    let half_ms = longest_ms >> 1;
    let above_ms = stirred(seed ^ now_ms).checked_rem(half_ms.saturating_add(1)).unwrap_or(0);
    now_ms.saturating_add(half_ms).saturating_add(above_ms).min(LAST_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: u64 = 5_000;

    fn out(now_ms: u64) -> HealthState {
        HealthState::default().failed(Failure::Hung, now_ms, 1)
    }

    fn due_ms(state: HealthState) -> u64 {
        match state {
            HealthState::Out { due_ms, .. } => due_ms,
            HealthState::In { .. } => panic!("it is in"),
        }
    }

    #[test]
    fn three_failures_in_a_row_or_one_that_hangs_take_it_out() {
        let mut state = HealthState::default();
        for _ in 0..2 {
            state = state.failed(Failure::Prompt, NOW_MS, 1);
            assert!(!state.is_out());
        }
        assert!(!state.succeeded().failed(Failure::Prompt, NOW_MS, 1).is_out(), "a success between them counts anew");
        assert!(state.failed(Failure::Prompt, NOW_MS, 1).is_out());
        assert!(out(NOW_MS).is_out());
    }

    #[test]
    fn only_a_probe_brings_it_back_and_then_on_trial() {
        let state = out(NOW_MS);
        assert_eq!(state.succeeded(), state);
        assert_eq!(state.failed(Failure::Hung, NOW_MS, 1), state);
        let back = state.probed(Ok(()), NOW_MS, 1);
        assert!(!back.is_out());
        assert!(back.failed(Failure::Prompt, NOW_MS, 1).is_out(), "the next failure is one too many");
        assert_eq!(back.succeeded(), HealthState::default());
    }

    #[test]
    fn waits_double_from_a_second_to_half_a_minute() {
        let mut state = out(NOW_MS);
        for longest_ms in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let wait_ms = due_ms(state) - NOW_MS;
            assert!((longest_ms / 2..=longest_ms).contains(&wait_ms), "{wait_ms} of {longest_ms}");
            state = state.probed(Err(Failure::Prompt), NOW_MS, 1);
        }
    }

    #[test]
    fn one_that_comes_and_goes_is_probed_more_and_more_seldom() {
        let again = out(NOW_MS).probed(Ok(()), NOW_MS, 1).failed(Failure::Hung, NOW_MS, 1);
        assert!(due_ms(again) - NOW_MS >= 1_000);
        let rested = out(NOW_MS).probed(Ok(()), NOW_MS, 1).succeeded().failed(Failure::Hung, NOW_MS, 1);
        assert!(due_ms(rested) - NOW_MS <= 1_000);
    }

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Succeeded,
        Failed(Failure),
        Probed(Result<(), Failure>),
    }

    fn event() -> impl Strategy<Value = Event> {
        let failure = prop_oneof![Just(Failure::Prompt), Just(Failure::Hung)];
        prop_oneof![
            Just(Event::Succeeded),
            failure.clone().prop_map(Event::Failed),
            prop_oneof![Just(Ok(())), failure.prop_map(Err)].prop_map(Event::Probed),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_it_fits_its_bits_and_is_probed_in_time(
            events in prop::collection::vec((event(), 0_u64..60_000), 0..60),
            seed in any::<u64>(),
        ) {
            let (mut state, mut now_ms, mut in_a_row) = (HealthState::default(), 0, 0_u8);
            for (event, later_ms) in events {
                now_ms += later_ms;
                let before = state;
                state = match event {
                    Event::Succeeded => state.succeeded(),
                    Event::Failed(failure) => state.failed(failure, now_ms, seed),
                    Event::Probed(outcome) => state.probed(outcome, now_ms, seed),
                };
                prop_assert_eq!(HealthState::from_bits(state.to_bits()), state);
                if let HealthState::Out { due_ms, .. } = state {
                    prop_assert!(before.is_out() || (now_ms + 500..=now_ms + LONGEST_PAUSE_MS).contains(&due_ms));
                }
                // It goes out by a failure, and comes back by a probe, and in no other way.
                match (before.is_out(), state.is_out()) {
                    (false, true) => prop_assert!(matches!(event, Event::Failed(_) | Event::Probed(Err(_)))),
                    (true, false) => prop_assert!(matches!(event, Event::Probed(Ok(())))),
                    _ => {}
                }
                in_a_row = match event {
                    Event::Failed(_) | Event::Probed(Err(_)) => in_a_row.saturating_add(1),
                    Event::Succeeded => 0,
                    Event::Probed(Ok(())) => in_a_row,
                };
                prop_assert!(in_a_row < FAILURES_IN_A_ROW || state.is_out() || matches!(event, Event::Probed(Ok(()))));
            }
        }
    }
}
