//! Why an act is refused or fails.

use std::net::IpAddr;

use turnpike_domain::account::Username;
use turnpike_domain::calendar::WindowError;
use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::{ExitFault, ExitName};
use turnpike_domain::ids::{EndpointId, HoldingId};
use turnpike_domain::time::Span;
use turnpike_store::{ActError, StoreError};

use crate::email::EmailError;
use crate::login_password::LoginPasswordError;
use crate::sheet::SheetError;
use crate::shop_error::ShopError;
use crate::vault::VaultError;

/// Why an act is refused or fails. What is another customer's does not exist.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No such customer.
    #[error("no such customer")]
    NoSuchCustomer,
    /// The customer has no such account.
    #[error("no such account: {0}")]
    NotFound(Username),
    /// A live account bears the name already.
    #[error("the name {0} is taken")]
    NameTaken(Username),
    /// The customer would have more live accounts than it may.
    #[error("the customer may have {0} accounts")]
    TooManyAccounts(u32),
    /// The customer's allow list has no such address.
    #[error("{0} is not on the allow list")]
    NoSuchSource(IpAddr),
    /// The customer's allow list would hold more addresses than it may.
    #[error("the allow list may hold {0} addresses")]
    TooManySources(u32),
    /// No customer has that address and that login password.
    #[error("no customer has that address and password")]
    LoginWrong,
    /// Too many tries to log in from one source.
    #[error("too many tries to log in")]
    LoginTooOften {
        /// After how long the next try is let pass.
        wait: Span,
    },
    /// A text is no e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// A customer has the address already.
    #[error("a customer with this address exists")]
    EmailTaken,
    /// The operator has not verified who the customer is.
    #[error("the customer is not verified")]
    Unverified,
    /// The operator has suspended the customer.
    #[error("the customer is suspended")]
    Suspended,
    /// A window of time is backwards or too long.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// Accounts cannot draw on this type.
    #[error("accounts take the product types 9, 11, 14 and 25")]
    TypeTakesNoAccounts,
    /// A package must hold something.
    #[error("a package must hold at least 1 KB")]
    EmptyPackage,
    /// A package must begin before it ends.
    #[error("a package must begin before it ends")]
    BackwardsPackage,
    /// A title is empty or too long.
    #[error("a title must have 1 to 200 characters")]
    Title,
    /// A machine's name is empty, too long, begins with `-`, or has other characters than letters, digits, `-`, `_` and `.`.
    #[error("a machine's name must have 1 to 63 letters, digits, `-`, `_` or `.`, and not begin with `-`")]
    MachineName,
    /// A machine whose credential is in force has the name.
    #[error("a machine of that name is enrolled; revoke its credential first")]
    MachineNameTaken,
    /// No machine of that name is enrolled.
    #[error("no machine of that name is enrolled")]
    NoSuchMachine,
    /// No gateway of that number was ever heard of.
    #[error("no such gateway")]
    NoSuchGateway,
    /// A token's name is empty, too long, or has other characters than letters, digits, `-`, `_` and `.`.
    #[error("a token's name must have 1 to 63 letters, digits, `-`, `_` or `.`")]
    TokenName,
    /// A token would last too long or not at all.
    #[error("a token must last 1 to 3650 days")]
    TokenDays,
    /// A token that is not revoked has the name.
    #[error("a token of that name exists; revoke it first")]
    TokenNameTaken,
    /// There is no such token, or it was revoked.
    #[error("no such token in force")]
    NoSuchToken,
    /// No such package.
    #[error("no such package")]
    NoSuchPackage,
    /// Fewer addresses of the wanted kind are for sale in a country than are wanted.
    #[error("not enough addresses are for sale in {0}")]
    OutOfStockIn(CountryCode),
    /// The customer holds no such static IP, or no longer does.
    #[error("no such static IP: {0}")]
    NoSuchHolding(HoldingId),
    /// Nobody holds the address.
    #[error("nobody holds the address")]
    NotHeld,
    /// A static IP is changed for another in its own country only.
    #[error("the static IP is in {0}, and is changed for another there")]
    HeldElsewhere(CountryCode),
    /// A static IP is of another kind than the renewal is for.
    #[error("a static IP is of another kind than the renewal is for")]
    HoldingOfOtherType,
    /// A static IP was renewed after it was priced to the end of a month.
    #[error("a static IP was renewed meanwhile")]
    HoldingChanged,
    /// A renewal would end before it is paid.
    #[error("a static IP would have expired in spite of the renewal")]
    RenewalTooShort,
    /// The customer has used up the changes of address it bought.
    #[error("no changes of address are left")]
    NoIpChanges,
    /// The inventory has no such address.
    #[error("no such address in the inventory")]
    NoSuchStaticIp,
    /// A customer holds an address that nobody may hold then.
    #[error("a customer holds the address; give it another one first")]
    StaticIpHeld,
    /// A static IP has expired, and is to be renewed before anything else.
    #[error("the static IP has expired; renew it first")]
    HoldingExpired,
    /// No such exit.
    #[error("no such exit")]
    NoSuchExit,
    /// An exit has the name.
    #[error("an exit is called {0} already")]
    ExitNameTaken(ExitName),
    /// What is said of an exit cannot be.
    #[error(transparent)]
    Exit(#[from] ExitFault),
    /// Static IPs are behind an exit that is to be removed.
    #[error("{0} static IPs are behind the exit; put them behind another one first")]
    ExitHasStaticIps(u64),
    /// Rows of a table that cannot be taken over; nothing was.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// A customer has extracted too often; so long until the next time.
    #[error("endpoints are extracted too often")]
    ExtractedTooOften {
        /// After how long the next call is let pass.
        wait: Span,
    },
    /// Whoever extracts does so from an address that is not on the customer's allow list.
    #[error("{0} is not on the allow list; add it first")]
    SourceNotListed(IpAddr),
    /// The customer has no traffic that endpoints could use.
    #[error("the customer has no dynamic residential traffic left")]
    NoTraffic,
    /// No exit serves the place.
    #[error("no exit serves that place")]
    PlaceNotServed,
    /// All ports of the entry are given out, or the customer has as many as it may.
    #[error("no port of the entry is free for the customer")]
    NoFreePort,
    /// No gateway listened on ports that were given out, in time.
    #[error("no gateway serves the entry now")]
    EntryUnserved,
    /// No such endpoint, or it has ended.
    #[error("no such endpoint: {0}")]
    NoSuchEndpoint(EndpointId),
    /// What came from the operator's own grant has no product to buy it by again.
    #[error("nothing is sold that it could be bought by again")]
    NotRenewable,
    /// A gateway's leases belong to another opening of its spool file.
    #[error("the gateway was started again elsewhere or its spool file is an old copy; its leases are not its own")]
    Fenced,
    /// An exchange of leases that was carried out before, or overtaken by a later one.
    #[error("the exchange was carried out already or overtaken")]
    Overtaken,
    /// The shop refuses.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// A login password could not be hashed or checked.
    #[error(transparent)]
    LoginPassword(#[from] LoginPasswordError),
    /// Something sealed cannot be opened: another master key, or a row that was tampered with.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServiceError {
    /// Whether another request under the same idempotency key was first: begin again, and its answer is there.
    pub const fn was_done_before(&self) -> bool {
        matches!(self, Self::Store(StoreError::DoneBefore))
    }

    /// Whether an order cannot be fulfilled as things stand: its payment waits for the operator then.
    pub(crate) const fn is_refusal_of_fulfilment(&self) -> bool {
        matches!(
            self,
            Self::OutOfStockIn(_)
                | Self::NoSuchHolding(_)
                | Self::HoldingOfOtherType
                | Self::HoldingChanged
                | Self::RenewalTooShort
                | Self::Shop(
                    ShopError::OutOfStock
                        | ShopError::NothingToTopUp
                        | ShopError::BalanceTooLow
                        | ShopError::OrderStands(_)
                        | ShopError::Price(_)
                        | ShopError::Ledger(_)
                )
        )
    }

    /// Whether the same act may succeed in a moment: the store is away or busy.
    pub const fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Store(
                StoreError::Contended | StoreError::Unavailable(_) | StoreError::Uncertain(_) | StoreError::Interrupted
            ) | Self::LoginPassword(LoginPasswordError::Busy)
        )
    }
}

impl ActError for ServiceError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// For a statement whose conflict a fresh look explains: somebody else was first, so the act is run again and finds it.
pub(crate) fn look_again(error: StoreError) -> StoreError {
    match error {
        StoreError::Conflict => StoreError::Contended,
        other => other,
    }
}
