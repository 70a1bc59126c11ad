//! Gateways: where they stand.

use serde::Serialize;
use turnpike_domain::ids::NodeId;
use turnpike_service::NodeState;
use utoipa::ToSchema;

use crate::cursor::PageOf;
use crate::desk::Desk;
use crate::members::Nothing;
use crate::problem::Problem;
use crate::shapes::Moment;

/// A gateway.
#[derive(Serialize, ToSchema)]
pub(crate) struct Gateway {
    /// Its number, which it drew itself.
    #[schema(pattern = "^-?[0-9]{1,19}$")]
    id: String,
    /// The machine whose credential it shows; `null` for one beside the store.
    #[schema(required = true)]
    machine: Option<String>,
    /// `live`: heard of of late; `silent`: not; `left`: drained and settled; `revoked`: its machine's credential is void.
    #[schema(pattern = "^(live|silent|left|revoked)$")]
    state: &'static str,
    first_contact: Moment,
    last_contact: Moment,
    /// The place in the change feed up to which every change is in force there; `null` before the first.
    #[schema(required = true)]
    applied_seq: Option<i64>,
    /// When it had drained.
    #[schema(required = true)]
    left_at: Option<Moment>,
}

pub(crate) async fn list(desk: Desk, _: Nothing) -> Result<PageOf<Gateway>, Problem> {
    let mut nodes = desk.service.list_nodes().await?;
    nodes.sort_by_key(|node| node.id);
    let oldest = desk.service.oldest_living_contact();
    let show = |node: NodeState| {
        let state = match (node.revoked_at, node.left_at) {
            (Some(_), _) => "revoked",
            (None, Some(_)) => "left",
            (None, None) if node.last_contact < oldest => "silent",
            (None, None) => "live",
        };
        Gateway {
            id: node.id.to_string(),
            machine: node.machine,
            state,
            first_contact: Moment(node.first_contact),
            last_contact: Moment(node.last_contact),
            applied_seq: node.applied.map(turnpike_domain::ids::FeedSeq::get),
            left_at: node.left_at.map(Moment),
        }
    };
    desk.cursors().page_of_all(&desk.paging, nodes, (|node: &NodeState| node.id.get(), show))
}

/// A gateway whose spool file will not come back. What it held is free once it has been silent for as long as its leases
/// are valid and a grace after that.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct GivenUp {
    /// Its number.
    #[schema(pattern = "^-?[0-9]{1,19}$")]
    gateway: String,
    /// How many of its leases were in escrow or would have come to be.
    #[schema(minimum = 0)]
    leases: u64,
}

pub(crate) async fn give_up(desk: Desk, _: Nothing) -> Result<GivenUp, Problem> {
    let gateway = NodeId::new(desk.place("gateway")?);
    let show = move |leases: &u64| GivenUp { gateway: gateway.to_string(), leases: *leases };
    let leases = desk.acting(show).give_up_gateway(&desk.actor, gateway).await?;
    Ok(show(&leases))
}
