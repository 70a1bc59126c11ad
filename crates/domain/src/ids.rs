//! Identifiers. One type per kind of thing, so that none can be passed for another.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps the number the store gave.
            pub const fn new(raw: i64) -> Self {
                Self(raw)
            }

            /// The number as the store and the wire know it.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A customer: who pays, owns accounts and packages, and holds an `app_key`.
    CustomerId;
    /// A proxy account: a username and password for the gateway.
    AccountId;
    /// A package: an amount of traffic with a validity.
    PackageId;
    /// An order: what a package came from.
    OrderId;
    /// A lease: bytes granted to one gateway for one account out of one package.
    LeaseId;
    /// A gateway's identity, drawn at random when its spool file is made.
    NodeId;
    /// A question to all gateways.
    QuestionId;
    /// The credential of a machine that may run gateways.
    CredentialId;
    /// A token of a program that acts for the operator.
    TokenId;
    /// What a payment provider told, or the operator's own word that money came in.
    EventId;
    /// An entry of the journal.
    EntryId;
    /// A product of the catalogue.
    ProductId;
    /// A coupon.
    CouponId;
    /// A static IP of the inventory.
    StaticIpId;
    /// A customer's hold of a static IP, for a time.
    HoldingId;
    /// A way for traffic to leave.
    ExitId;
    /// A batch in which a gateway told which exits its sessions keep.
    PinBatchId;
    /// An extracted endpoint: a port of a gateway that one customer has for a time.
    EndpointId;
    /// Endpoints that gateways are told of together.
    EndpointBatchId;
    /// What is bought again by itself.
    AutoRenewalId;
    /// Something the operator tells customers.
    ArticleId;
    /// A way to pay, by the number it is configured with; 0 stands for none chosen yet.
    PaymentMethod;
    /// A place in the change feed. Numbers follow commit order without gaps.
    FeedSeq;
}

/// One opening of a gateway's spool file. Of two with the same node the higher boot is the living one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Incarnation {
    /// Whose file.
    pub node: NodeId,
    /// How often it was opened, this time included.
    pub boot: u64,
}

impl std::fmt::Display for Incarnation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.node, self.boot)
    }
}
