//! Rules that the simulator can break on purpose: proof that it would notice.

/// A rule to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Breach {
    /// The store grants a lease without holding its bytes.
    ForgetHeld,
    /// The store adds reports up instead of taking them as absolute.
    AddReports,
    /// The store books late reports on lapsed leases without asking for room.
    BookWithoutRoom,
    /// The store lets leases lapse by its wall clock.
    LapseByWallClock,
    /// The store does not renew a lease's mark when it is reported.
    NeverRenew,
    /// The store never lets a lease lapse.
    NeverLapse,
    /// The store lets the leases of every silent gateway lapse, as if its spool file could not come back.
    ForgetEscrow,
    /// The store grants a gateway elsewhere as much as one beside it.
    ForgetDoubt,
    /// The store takes a day on which its clock was before to be a new one.
    ForgetDay,
    /// The store grants without asking what the gateway may still write.
    ForgetWindow,
    /// The store settles again when a settlement comes again.
    SettleAgain,
    /// The store settles and serves whatever boot a message is from.
    ServeAnyBoot,
    /// The store carries out an exchange that comes again, or after a later one.
    ExchangeAgain,
    /// The store keeps leases that the gateway says it never received.
    KeepUnreceived,
    /// The gateway reports written bytes instead of proven ones.
    ReportWritten,
    /// The gateway goes on using leases past their validity.
    IgnoreValidity,
    /// The gateway forgets its spool when it restarts.
    ForgetSpool,
    /// The gateway commits before it writes.
    CommitEarly,
}

impl Breach {
    /// All of them.
    #[cfg(test)]
    pub(super) fn all() -> &'static [Self] {
        use clap::ValueEnum;
        Self::value_variants()
    }
}
