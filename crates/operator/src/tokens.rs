//! Tokens of programs that act for the operator. A token can make none that may do more than itself.

use serde::Serialize;
use turnpike_domain::ids::TokenId;
use turnpike_domain::scope::{Scope, Scopes};
use turnpike_service::{AddedToken, TokenWish};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{LabelShape, Moment, Yes};

/// The longest life of a token, in days.
const MOST_DAYS: u32 = 3650;

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// What the operator calls it.
    name: String,
    /// What it may do.
    scopes: Vec<String>,
    created_at: Moment,
    expires_at: Moment,
    /// Since when it was made void before its time.
    #[schema(required = true)]
    revoked_at: Option<Moment>,
    /// The last day on which it was used.
    #[schema(required = true, value_type = Option<String>, format = Date)]
    used_on: Option<String>,
}

impl Token {
    fn of(token: &turnpike_service::Token) -> Self {
        Self {
            id: token.id.get(),
            name: token.name.clone(),
            scopes: token.scopes.iter().map(|scope| scope.to_string()).collect(),
            created_at: Moment(token.created_at),
            expires_at: Moment(token.expires_at),
            revoked_at: token.revoked_at.map(Moment),
            used_on: token.used_on.map(|day| day.to_string()),
        }
    }
}

/// By number, oldest first, void ones included.
pub(crate) async fn list(desk: Desk, _: Nothing) -> Result<PageOf<Token>, Problem> {
    let after = desk.cursors().after(&desk.paging)?.map(TokenId::new);
    let found = desk.service.list_tokens(after, one_more(&desk.paging)).await?;
    let place = |token: &turnpike_service::Token| token.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |token| Token::of(&token))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Token, Problem> {
    Ok(Token::of(&desk.service.find_token(TokenId::new(desk.place("token")?)).await?))
}

/// The secret is shown this once.
#[derive(ToSchema)]
pub(crate) struct NewToken {
    /// What the operator calls it.
    #[schema(value_type = LabelShape, inline)]
    name: String,
    /// What it may do: no more than the token that makes it.
    #[schema(value_type = Vec<ScopeName>, min_items = 1, max_items = 3)]
    scopes: Scopes,
    /// How many days it lasts.
    #[schema(value_type = u32, minimum = 1, maximum = 3650)]
    days: u16,
}

/// What a token may do.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "for the document only")]
enum ScopeName {
    Read,
    Write,
    Secrets,
}

impl Wish for NewToken {
    fn read(members: &mut Members) -> Option<Self> {
        let name = members.required("name", read::label);
        let scopes = members.required("scopes", scopes);
        let days = members.required("days", |given| read::count(given, 1..=MOST_DAYS));
        Some(Self { name: name?, scopes: scopes?, days: u16::try_from(days?).ok()? })
    }
}

fn scopes(given: Given<'_>) -> Result<Scopes, String> {
    let listed = given.value.as_array().filter(|listed| (1..=Scope::ALL.len()).contains(&listed.len()));
    let named = listed.ok_or("must be a list of 1 to 3 scopes")?.iter().map(|scope| {
        let name = scope.as_str().unwrap_or_default();
        Scope::parse(name).map_err(|unknown| unknown.to_string())
    });
    Scopes::new(named.collect::<Result<Vec<_>, _>>()?).ok_or_else(|| "must not be empty".to_owned())
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    #[serde(flatten)]
    token: Token,
    /// What the program shows.
    #[schema(pattern = "^tpo_[0-9a-f]{64}$")]
    secret: String,
}

pub(crate) async fn add(desk: Desk, wish: NewToken) -> Result<MadeToken, Problem> {
    let NewToken { name, scopes, days } = wish;
    if let Some(lacking) = desk.scopes.lacking(&scopes) {
        return Err(Problem::lacks_scope(lacking.name()));
    }
    let show = |added: &AddedToken| MadeToken { token: Token::of(&added.token), secret: added.secret.clone() };
    Ok(show(&desk.acting(show).add_token(&desk.actor, TokenWish { name, scopes, days }).await?))
}

/// It is void at once, and stays on the list.
#[derive(ToSchema)]
pub(crate) struct Revocation {
    /// `true`: it is void. That cannot be taken back.
    #[schema(value_type = Yes, inline)]
    #[expect(dead_code, reason = "there is only one thing that it can be")]
    revoked: bool,
}

impl Wish for Revocation {
    fn read(members: &mut Members) -> Option<Self> {
        let refused = || "cannot be taken back; make another token".to_owned();
        let read = |given: Given<'_>| read::flag(given)?.then_some(true).ok_or_else(refused);
        Some(Self { revoked: members.required("revoked", read)? })
    }
}

pub(crate) async fn revoke(desk: Desk, _: Revocation) -> Result<Token, Problem> {
    let token = TokenId::new(desk.place("token")?);
    Ok(Token::of(&desk.acting(Token::of).revoke_token(&desk.actor, token).await?))
}
