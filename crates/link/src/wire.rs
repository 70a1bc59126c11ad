//! What travels between a gateway and an API process: JSON, and for the snapshot one JSON text a line.

use serde::{Deserialize, Serialize};
use turnpike_domain::account::Username;
use turnpike_domain::activity::ActivityEntry;
use turnpike_domain::directory::{AccountEntry, Changed, Changes, CustomerEntry};
use turnpike_domain::endpoint::EndpointEntry;
use turnpike_domain::exit::ExitEntry;
use turnpike_domain::ids::{
    AccountId, CustomerId, EndpointBatchId, EndpointId, ExitId, FeedSeq, Incarnation, QuestionId,
};
use turnpike_domain::lease::{Exchange, LeaseReport};
use turnpike_domain::product::ProductType;
use turnpike_domain::question::{Answer, Question};
use turnpike_domain::seats::SeatRound;
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::session::Pin;
use turnpike_domain::units::LimitGb;

/// Paths of the calls.
pub mod path {
    /// The key that passwords are compared with: [`Hello`](super::Hello).
    pub const HELLO: &str = "/node/v1/hello";
    /// Everything: lines of [`SnapshotLine`](super::SnapshotLine).
    pub const SNAPSHOT: &str = "/node/v1/snapshot";
    /// What changed: [`Place`](super::Place) in, [`ChangesAnswer`](super::ChangesAnswer) out.
    pub const CHANGES: &str = "/node/v1/changes";
    /// Waits for news: [`NewsWish`](super::NewsWish) in, [`News`](super::News) out.
    pub const NEWS: &str = "/node/v1/news";
    /// [`Settlement`](super::Settlement) in.
    pub const SETTLE: &str = "/node/v1/settle";
    /// [`Round`](super::Round) in, grants out.
    pub const EXCHANGE: &str = "/node/v1/exchange";
    /// [`Seating`](super::Seating) in, grants out.
    pub const SEATS: &str = "/node/v1/seats";
    /// [`Reply`](super::Reply) in.
    pub const ANSWER: &str = "/node/v1/answer";
    /// [`Pins`](super::Pins) in.
    pub const PINS: &str = "/node/v1/pins";
    /// [`Bound`](super::Bound) in.
    pub const BOUND: &str = "/node/v1/bound";
    /// [`Activity`](super::Activity) in.
    pub const ACTIVITY: &str = "/node/v1/activity";
    /// [`Incarnation`](super::Incarnation) in.
    pub const LEAVE: &str = "/node/v1/leave";
}

/// The first thing a gateway learns.
#[derive(Serialize, Deserialize)]
pub struct Hello {
    /// The key for keyed hashes of passwords, in hex.
    pub password_key: String,
}

/// Up to where everything is in force at a gateway.
#[derive(Debug, Serialize, Deserialize)]
pub struct Place {
    /// Which gateway.
    pub node: Incarnation,
    /// Up to here; `None` is before the first change.
    pub after: Option<FeedSeq>,
}

/// A wish to hear of changes.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewsWish {
    /// Changes after this place are news.
    pub after: Option<FeedSeq>,
}

/// How far the feed reaches.
#[derive(Debug, Serialize, Deserialize)]
pub struct News {
    /// The newest change that the API process has heard of.
    pub newest: Option<FeedSeq>,
}

/// What a gateway's spool proves.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settlement {
    /// Which gateway.
    pub node: Incarnation,
    /// What was used of leases.
    pub found: Vec<LeaseReport>,
}

/// A round of reports and requests.
#[derive(Debug, Serialize, Deserialize)]
pub struct Round {
    /// Which gateway.
    pub node: Incarnation,
    /// What it tells and asks.
    pub exchange: Exchange,
}

/// A round of requests for seats.
#[derive(Debug, Serialize, Deserialize)]
pub struct Seating {
    /// Which gateway.
    pub node: Incarnation,
    /// What it wants.
    pub round: SeatRound,
}

/// A gateway's answer to a question.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// Which gateway.
    pub node: Incarnation,
    /// To which question.
    pub question: QuestionId,
    /// What it answers.
    pub answer: Answer,
}

/// Which exits a gateway's sessions keep.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pins {
    /// Which gateway.
    pub node: Incarnation,
    /// New or moved ones.
    pub pins: Vec<Pin>,
}

/// A gateway listens on the ports of a batch of endpoints.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bound {
    /// Which gateway.
    pub node: Incarnation,
    /// Which batch.
    pub batch: EndpointBatchId,
    /// Those that it could not bind.
    pub failed: Vec<EndpointId>,
}

/// What became of connections at a gateway.
#[derive(Debug, Serialize, Deserialize)]
pub struct Activity {
    /// Which gateway.
    pub node: Incarnation,
    /// At most [`LARGEST_BATCH`](turnpike_domain::activity::LARGEST_BATCH).
    pub entries: Vec<ActivityEntry>,
}

/// An account as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub struct Account {
    id: AccountId,
    customer: CustomerId,
    /// Empty for the account that traffic without a login is booked to.
    username: String,
    /// In hex.
    password: String,
    product_type: ProductType,
    enabled: bool,
    limit: LimitGb,
    daily_limit: LimitGb,
}

impl From<AccountEntry> for Account {
    fn from(entry: AccountEntry) -> Self {
        Self {
            id: entry.id,
            customer: entry.customer,
            username: entry.username.as_str().to_owned(),
            password: hex::encode(entry.password.to_bytes()),
            product_type: entry.product_type,
            enabled: entry.enabled,
            limit: entry.limit,
            daily_limit: entry.daily_limit,
        }
    }
}

impl TryFrom<Account> for AccountEntry {
    type Error = Unreadable;

    fn try_from(account: Account) -> Result<Self, Unreadable> {
        let mut password = [0; 32];
        hex::decode_to_slice(&account.password, &mut password).map_err(|_| Unreadable("a password's hash"))?;
        Ok(Self {
            id: account.id,
            customer: account.customer,
            username: match account.username.as_str() {
                "" => Username::NAMELESS,
                name => Username::parse(name).map_err(|_| Unreadable("an account's name"))?,
            },
            password: PasswordMac::from_bytes(password),
            product_type: account.product_type,
            enabled: account.enabled,
            limit: account.limit,
            daily_limit: account.daily_limit,
        })
    }
}

/// The other side says something that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer makes no sense: {0}")]
pub struct Unreadable(pub &'static str);

/// One line of a snapshot. Exits come before pins, customers before their accounts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotLine {
    /// The first line: changes up to and including this one are contained.
    Begin(Option<FeedSeq>),
    /// Some exits. Upstreams' passwords are among them, as accounts' hashes are: the link is for nobody else's eyes.
    Exits(Vec<ExitEntry>),
    /// Some sessions' exits.
    Pins(Vec<Pin>),
    /// Some customers.
    Customers(Vec<CustomerEntry>),
    /// Some accounts.
    Accounts(Vec<Account>),
    /// Some live endpoints.
    Endpoints(Vec<EndpointEntry>),
    /// The last line; without it the snapshot was cut off.
    End,
}

/// What changed after a place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangesAnswer {
    /// The feed reaches back far enough.
    Since {
        /// The new place.
        seq: FeedSeq,
        /// What changed.
        #[serde(flatten)]
        changed: Box<Told>,
    },
    /// Nothing happened.
    None,
    /// The feed was trimmed past that place: load a snapshot.
    TooOld,
}

/// The present state of each thing that changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// Exits that changed.
    #[serde(default)]
    exits: Vec<ExitEntry>,
    /// Exits that are gone.
    #[serde(default)]
    gone_exits: Vec<ExitId>,
    /// Sessions that were given an exit.
    #[serde(default)]
    pins: Vec<Pin>,
    /// Customers that changed.
    customers: Vec<CustomerEntry>,
    /// Live accounts that changed.
    accounts: Vec<Account>,
    /// Accounts that are gone.
    gone: Vec<AccountId>,
    /// Live endpoints that changed.
    #[serde(default)]
    endpoints: Vec<EndpointEntry>,
    /// Endpoints that have ended before their time.
    #[serde(default)]
    ended_endpoints: Vec<EndpointId>,
    /// What the operator asks.
    questions: Vec<Question>,
}

impl From<Changes> for ChangesAnswer {
    fn from(changes: Changes) -> Self {
        match changes {
            Changes::Since { seq, changed } => Self::Since {
                seq,
                changed: Box::new(Told {
                    exits: changed.exits,
                    gone_exits: changed.gone_exits,
                    pins: changed.pins,
                    customers: changed.customers,
                    accounts: changed.accounts.into_iter().map(Account::from).collect(),
                    gone: changed.gone_accounts,
                    endpoints: changed.endpoints,
                    ended_endpoints: changed.ended_endpoints,
                    questions: changed.questions,
                }),
            },
            Changes::None => Self::None,
            Changes::TooOld => Self::TooOld,
        }
    }
}

impl TryFrom<ChangesAnswer> for Changes {
    type Error = Unreadable;

    fn try_from(answer: ChangesAnswer) -> Result<Self, Unreadable> {
        Ok(match answer {
            ChangesAnswer::Since { seq, changed } => {
                let Told {
                    exits,
                    gone_exits,
                    pins,
                    customers,
                    accounts,
                    gone: gone_accounts,
                    endpoints,
                    ended_endpoints,
                    questions,
                } = *changed;
                let accounts = accounts.into_iter().map(AccountEntry::try_from).collect::<Result<_, _>>()?;
                let changed = Changed {
                    exits,
                    gone_exits,
                    pins,
                    customers,
                    accounts,
                    gone_accounts,
                    endpoints,
                    ended_endpoints,
                    questions,
                };
                Self::Since { seq, changed: Box::new(changed) }
            }
            ChangesAnswer::None => Self::None,
            ChangesAnswer::TooOld => Self::TooOld,
        })
    }
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The credential is none that was given out (401).
    Unknown,
    /// The credential was revoked (403).
    Revoked,
    /// The gateway is another credential's (403).
    NotYours,
    /// The gateway's leases belong to another opening of its spool file (409).
    Fenced,
    /// The call cannot be read (400).
    Unreadable,
    /// The store is away or busy: try again (503).
    Busy,
}

/// The answer of a call that is refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// For the gateway.
    pub why: Why,
    /// For its log.
    pub told: String,
}
