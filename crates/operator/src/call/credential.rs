//! Finding out who calls: the bearer token (RFC 6750), its scopes, and how often it calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use tokio::time::Instant;
use turnpike_domain::ids::TokenId;
use turnpike_domain::rate;
use turnpike_domain::scope::Scope;
use turnpike_service::{Token, TokenAccess};

use super::Api;
use crate::problem::Problem;

/// Tokens whose pace is known at once; when there are more, all begin anew.
const MOST_PACES: usize = 10_000;

/// How often each token has called of late.
#[derive(Clone)]
pub(crate) struct Paces {
    began: Instant,
    tokens: Arc<Mutex<HashMap<TokenId, Arc<AtomicU64>>>>,
}

impl Paces {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), tokens: Arc::default() }
    }

    /// Lets a request pass, or says that it is one too many. 0 is no limit.
    fn admit(&self, token: TokenId, per_second: u32) -> Result<(), Problem> {
        if per_second == 0 {
            return Ok(());
        }
        let pace = {
            let mut tokens = self.tokens.lock();
            if tokens.len() >= MOST_PACES {
                tokens.clear();
            }
            Arc::clone(tokens.entry(token).or_default())
        };
        let now_ns = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        rate::admit(&pace, now_ns, per_second).map_err(|wait| Problem::too_many(wait.seconds()))
    }
}

/// The token that was shown, if it is in force and has the scope.
///
/// # Errors
/// 401, 403, 429, or the store's.
pub(super) async fn admit(api: &Api, headers: &HeaderMap, scope: Scope) -> Result<Token, Problem> {
    let secret =
        bearer(headers).ok_or_else(|| Problem::unauthenticated("show a token as `Authorization: Bearer`", None))?;
    let refused = |detail| Err(Problem::unauthenticated(detail, Some("invalid_token")));
    let token = match api.service.authenticate_token(secret).await? {
        TokenAccess::Granted(token) => token,
        TokenAccess::Expired => return refused("the token has expired"),
        TokenAccess::Revoked => return refused("the token was revoked"),
        TokenAccess::Unknown => return refused("the token is not known"),
    };
    api.paces.admit(token.id, api.settings.requests_per_second)?;
    if token.scopes.allow(scope) { Ok(token) } else { Err(Problem::lacks_scope(scope.name())) }
}

/// What stands behind the one `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok().filter(|_| values.next().is_none())?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim_start_matches(' '))
}
