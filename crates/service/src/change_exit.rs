//! The operator says something else of an exit: how it leaves, where it is, what it may be used for.

use turnpike_domain::exit::{
    ExitFault, ExitName, ExitPlace, ExitState, ExitTerms, Provenance, Route, UpstreamPassword, terms,
};
use turnpike_domain::product::ProductType;
use turnpike_store::exit::{self, Exit, WrittenExit};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::customer_details::LimitChange;
use crate::error::ServiceError;
use crate::exit_places::completed_places;
use crate::service::Service;

/// What is to become otherwise of an exit; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitChange {
    /// The way out, as `Route::parse` reads it.
    pub route: Option<String>,
    /// An upstream's username; empty for none.
    pub username: Option<String>,
    /// An upstream's password; empty for none.
    pub password: Option<UpstreamPassword>,
    /// Where it is.
    pub places: Option<Vec<ExitPlace>>,
    /// Whose traffic it takes.
    pub product_types: Option<Vec<ProductType>>,
    /// The most connections open at once, per gateway.
    pub capacity: LimitChange,
    /// Its share of the connections.
    pub weight: Option<u16>,
    /// What is wanted of it.
    pub state: Option<ExitState>,
    /// Who the addresses belong to.
    pub provenance: Option<Provenance>,
    /// A note on that.
    pub evidence: Option<String>,
}

struct Changing {
    service: Service,
    actor: Actor,
    name: ExitName,
    change: ExitChange,
}

impl Service {
    /// Changes an exit. What is put down or into maintenance has its connections ended; sessions move to other exits of their
    /// place.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchExit`], [`ServiceError::Exit`].
    pub async fn change_exit(&self, actor: &Actor, name: ExitName, change: ExitChange) -> Result<Exit, ServiceError> {
        let changing = Changing { service: self.clone(), actor: actor.clone(), name, change };
        self.store.write(changing, |changing, tx| Box::pin(change_it(changing, tx))).await
    }
}

async fn change_it(changing: &Changing, tx: &mut Tx) -> Result<Exit, ServiceError> {
    let Changing { service, actor, name, change } = changing;
    let before = exit::lock(tx, std::slice::from_ref(name)).await?.pop().ok_or(ServiceError::NoSuchExit)?;
    let (id, now) = (before.id, service.now());
    let after = written(service, change, &before)?;
    exit::update(tx, &[after]).await?;
    tx.announce(Changed::Exit(id), now);
    let detail = format!("{name}: {}", change.told().join(", "));
    audit::insert(tx, &actor.did_overall("exit.change", detail, now)).await?;
    exit::by_name(tx, name).await?.ok_or(ServiceError::NoSuchExit)
}

fn written(service: &Service, change: &ExitChange, before: &Exit) -> Result<WrittenExit, ServiceError> {
    let terms = change.of(&before.terms)?;
    let is_upstream = matches!(terms.route, Route::Upstream(_));
    let mut after = service.written_exit(before.name.clone(), terms)?;
    // Nobody is shown a password, so whoever does not say one means the one that there is.
    if is_upstream && change.password.is_none() {
        after.password_sealed.clone_from(&before.password_sealed);
    }
    Ok(after)
}

impl ExitChange {
    fn of(&self, before: &ExitTerms) -> Result<ExitTerms, ExitFault> {
        Ok(ExitTerms {
            route: self.route(&before.route)?,
            places: match &self.places {
                Some(places) => completed_places(places)?,
                None => before.places.clone(),
            },
            product_types: self.product_types.clone().unwrap_or_else(|| before.product_types.clone()),
            capacity: self.capacity.after(before.capacity),
            weight: self.weight.unwrap_or(before.weight),
            state: self.state.unwrap_or(before.state),
            provenance: self.provenance.unwrap_or(before.provenance),
            evidence: match &self.evidence {
                Some(evidence) => terms::evidence(evidence)?,
                None => before.evidence.clone(),
            },
        })
    }

    /// An upstream that moves keeps its login; what becomes no upstream has none any more.
    fn route(&self, before: &Route) -> Result<Route, ExitFault> {
        let text = self.route.clone().unwrap_or_else(|| before.to_string());
        let stays_upstream = matches!(terms::route(&text, "", ""), Ok(Route::Upstream(_)));
        let kept = match before {
            Route::Upstream(upstream) if stays_upstream => upstream.username.as_ref(),
            _ => None,
        };
        let username =
            self.username.as_deref().or(kept.map(turnpike_domain::exit::LoginTemplate::as_str)).unwrap_or_default();
        let password = self.password.as_ref().map_or("", UpstreamPassword::reveal);
        terms::route(&text, username, password)
    }

    /// What was said, for the audit.
    fn told(&self) -> Vec<String> {
        let list = |places: &[ExitPlace]| places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let kinds =
            |kinds: &[ProductType]| kinds.iter().map(|kind| kind.number().to_string()).collect::<Vec<_>>().join(" ");
        let capacity = match self.capacity {
            LimitChange::Stays => None,
            LimitChange::Lifted => Some("capacity without a limit".to_owned()),
            LimitChange::Set(most) => Some(format!("capacity {most}")),
        };
        let told = [
            self.route.as_ref().map(|route| format!("route {route}")),
            self.username.as_ref().map(|username| format!("username {username}")),
            self.password.as_ref().map(|_| "password".to_owned()),
            self.places.as_deref().map(|places| format!("places {}", list(places))),
            self.product_types.as_deref().map(|types| format!("product types {}", kinds(types))),
            capacity,
            self.weight.map(|weight| format!("weight {weight}")),
            self.state.map(|state| format!("state {}", state.word())),
            self.provenance.map(|provenance| format!("provenance {}", provenance.word())),
            self.evidence.as_ref().map(|_| "evidence".to_owned()),
        ];
        told.into_iter().flatten().collect()
    }
}
