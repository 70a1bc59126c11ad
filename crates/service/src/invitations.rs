//! Invitations: a customer's code, and who was invited with it. Whoever was invited has a discount on one order. Only new
//! customers are invited, and no two invite each other.

use turnpike_domain::ids::CustomerId;
use turnpike_store::invitation::{self, Invitation};
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::Service;
use crate::shop_error::ShopError;
use crate::source::draw;

/// What codes are drawn from: nothing that is easily taken for something else.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a code.
const LENGTH: usize = 10;

struct Giving {
    service: Service,
    actor: Actor,
    customer: CustomerId,
}

struct Inviting {
    service: Service,
    actor: Actor,
    customer: CustomerId,
    code: String,
}

impl Service {
    /// What is known of a customer's invitations.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn invitation(&self, customer: CustomerId) -> Result<Invitation, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| invitation::of(tx, customer).await).await?;
        found.ok_or(ServiceError::NoSuchCustomer)
    }

    /// The code that a customer invites others with. It is drawn when it is first asked for, and stays.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn give_invite_code(&self, actor: &Actor, customer: CustomerId) -> Result<Invitation, ServiceError> {
        let giving = Giving { service: self.clone(), actor: actor.clone(), customer };
        self.store.write(giving, |giving, tx| Box::pin(give(giving, tx))).await
    }

    /// Notes that a customer was invited with that code, which gives it a discount on one order.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ShopError::NoSuchInviteCode`], also for its own; [`ShopError::InvitedBefore`];
    /// [`ShopError::NotNew`]; [`ShopError::InvitedEachOther`].
    pub async fn note_invitation(
        &self,
        actor: &Actor,
        customer: CustomerId,
        code: &str,
    ) -> Result<Invitation, ServiceError> {
        let code = code.trim().to_ascii_uppercase();
        let inviting = Inviting { service: self.clone(), actor: actor.clone(), customer, code };
        self.store.write(inviting, |inviting, tx| Box::pin(invite(inviting, tx))).await
    }
}

async fn of(tx: &mut Tx, customer: CustomerId) -> Result<Invitation, ServiceError> {
    invitation::of(tx, customer).await?.ok_or(ServiceError::NoSuchCustomer)
}

async fn give(giving: &Giving, tx: &mut Tx) -> Result<Invitation, ServiceError> {
    let Giving { service, actor, customer } = giving;
    let before = of(tx, *customer).await?;
    if before.code.is_some() {
        return Ok(before);
    }
    let code = drawn(service);
    // Whoever was first has given the code, or another customer has the same one.
    let given = invitation::give_code(tx, *customer, &code).await.map_err(look_again)?;
    if given {
        audit::insert(tx, &actor.did("invitation.code", *customer, code, service.now())).await?;
    }
    of(tx, *customer).await
}

fn drawn(service: &Service) -> String {
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().map_or('A', char::from);
    draw::<LENGTH>(service.random()).into_iter().map(letter).collect()
}

async fn invite(inviting: &Inviting, tx: &mut Tx) -> Result<Invitation, ServiceError> {
    let Inviting { service, actor, customer, code } = inviting;
    of(tx, *customer).await?;
    let inviter = invitation::whose(tx, code).await?.filter(|inviter| inviter != customer);
    let inviter = inviter.ok_or(ShopError::NoSuchInviteCode)?;
    invitation::lock(tx, [*customer, inviter]).await?;
    if of(tx, inviter).await?.invited_by == Some(*customer) {
        return Err(ShopError::InvitedEachOther.into());
    }
    if invitation::has_bought(tx, *customer).await? {
        return Err(ShopError::NotNew.into());
    }
    if !invitation::set_inviter(tx, *customer, inviter).await? {
        return Err(ShopError::InvitedBefore.into());
    }
    let detail = format!("by customer {inviter}");
    audit::insert(tx, &actor.did("invitation.note", *customer, detail, service.now())).await?;
    of(tx, *customer).await
}
