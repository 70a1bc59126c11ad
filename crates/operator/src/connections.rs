//! Open connections: every gateway is asked which it has, and ends those it is told to.

use serde::Serialize;
use turnpike_domain::connection::{Connection, ConnectionId, Protocol};
use turnpike_domain::ids::{AccountId, CustomerId, NodeId};
use turnpike_domain::question::{Answer, Ask};
use turnpike_service::Kick;
use utoipa::ToSchema;

use crate::cursor::PageOf;
use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::problem::{Kind, Problem};
use crate::read;
use crate::shapes::GatewayShape;

/// How many connections of each gateway are looked at.
const MOST_OF_A_GATEWAY: u32 = 10_000;

/// An open connection of a client.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenConnection {
    /// The gateway it is open at.
    #[schema(pattern = "^-?[0-9]{1,19}$")]
    gateway: String,
    /// Which of that gateway's connections.
    #[schema(minimum = 0)]
    id: u64,
    /// Whose.
    #[schema(minimum = 1)]
    customer: i64,
    /// The account's number.
    #[schema(minimum = 1)]
    account: i64,
    /// The account's name.
    username: String,
    /// What its client speaks.
    #[schema(value_type = String, pattern = "^(http|connect|socks5)$")]
    protocol: Protocol,
    /// Where its client is.
    source: String,
    /// Where it goes, as asked for.
    target: String,
    /// How long ago it was accepted.
    #[schema(minimum = 0)]
    age_s: u64,
    /// Payload delivered to the client so far.
    #[schema(minimum = 0)]
    to_client_bytes: u64,
    /// Payload sent to the target so far.
    #[schema(minimum = 0)]
    to_origin_bytes: u64,
}

impl OpenConnection {
    fn of((gateway, open): (NodeId, Connection)) -> Self {
        Self {
            gateway: gateway.to_string(),
            id: open.id.get(),
            customer: open.customer.get(),
            account: open.account.get(),
            username: open.username,
            protocol: open.protocol,
            source: open.source.to_string(),
            target: open.target,
            age_s: open.age.to_duration().as_secs(),
            to_client_bytes: open.to_client.get(),
            to_origin_bytes: open.to_origin.get(),
        }
    }
}

/// By gateway and number. Of each gateway the first 10,000 are looked at; one that does not answer in time is left out.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only of this customer.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
    /// Only of the account of this number.
    #[schema(value_type = i64, required = false, minimum = 1)]
    account: Option<AccountId>,
    /// Only at this gateway.
    #[schema(value_type = GatewayShape, inline, required = false)]
    gateway: Option<String>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let customer = members.optional("customer", |given| read::integer(given, 1..=i64::MAX));
        let account = members.optional("account", |given| read::integer(given, 1..=i64::MAX));
        let gateway = members.optional("gateway", read::gateway);
        Some(Self { customer: customer.map(CustomerId::new), account: account.map(AccountId::new), gateway })
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<OpenConnection>, Problem> {
    let Filter { customer, account, gateway } = filter;
    let mut open = ask(&desk, customer, account).await?;
    open.retain(|(node, _)| gateway.as_ref().is_none_or(|gateway| *gateway == node.to_string()));
    open.sort_by_key(place);
    desk.cursors().page_of_all(&desk.paging, open, (place, OpenConnection::of))
}

fn place((node, open): &(NodeId, Connection)) -> (i64, u64) {
    (node.get(), open.id.get())
}

async fn ask(
    desk: &Desk,
    customer: Option<CustomerId>,
    account: Option<AccountId>,
) -> Result<Vec<(NodeId, Connection)>, Problem> {
    let ask = Ask::Connections { customer, account, most: MOST_OF_A_GATEWAY };
    let answers = desk.service.ask_gateways(ask, desk.settings.ask_limit()).await?;
    let open = answers.into_iter().flat_map(|(node, answer)| {
        let open = if let Answer::Connections(open) = answer { open } else { Vec::new() };
        open.into_iter().map(move |open| (node, open))
    });
    Ok(open.collect())
}

/// Connections that were ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Kicked {
    /// How many; on a dry run, how many are open. `null` when it is not known.
    #[schema(required = true, minimum = 0)]
    kicked: Option<u32>,
}

impl Kicked {
    fn of_open(count: usize) -> Self {
        Self { kicked: u32::try_from(count).ok() }
    }
}

pub(crate) async fn kick(desk: Desk, _: Nothing) -> Result<Kicked, Problem> {
    let (node, id) = (NodeId::new(desk.place("gateway")?), ConnectionId::new(desk.place("connection")?));
    if !desk.service.list_nodes().await?.iter().any(|known| known.id == node) {
        return Err(Problem::new(Kind::NotFound, "no such gateway"));
    }
    let kicked = if desk.manner.dry_run {
        let open = ask(&desk, None, None).await?;
        Kicked::of_open(open.iter().filter(|(at, open)| *at == node && open.id == id).count())
    } else {
        order(&desk, Kick::Connection(node, id), Some(node)).await?
    };
    if kicked.kicked == Some(0) { Err(Problem::new(Kind::NotFound, "no such connection is open")) } else { Ok(kicked) }
}

pub(crate) async fn kick_account(desk: Desk, _: Nothing) -> Result<Kicked, Problem> {
    let (customer, username) = (desk.customer()?, desk.username()?);
    if desk.manner.dry_run {
        let account = desk.service.account_details(customer, &username).await?.id;
        return Ok(Kicked::of_open(ask(&desk, Some(customer), Some(account)).await?.len()));
    }
    order(&desk, Kick::Account(customer, username), None).await
}

/// Orders a kick and counts what was ended. When only one gateway can have it, that one must answer.
async fn order(desk: &Desk, kick: Kick, only: Option<NodeId>) -> Result<Kicked, Problem> {
    let service = desk.acting(|_: &turnpike_domain::ids::QuestionId| Kicked { kicked: None });
    let question = service.kick(&desk.actor, kick).await?;
    let answers = service.await_answers(question, desk.settings.ask_limit()).await?;
    let silent = only.is_some_and(|only| !answers.iter().any(|(node, _)| *node == only));
    let counts = answers.iter().map(|(_, answer)| if let Answer::Kicked(count) = answer { *count } else { 0 });
    let kicked = (!silent).then(|| counts.fold(0, u32::saturating_add));
    desk.service.note_kicked(&desk.actor, kick, kicked).await?;
    if silent {
        return Err(Problem::new(Kind::GatewaysSilent, "the gateway may still end the connection"));
    }
    Ok(Kicked { kicked })
}
