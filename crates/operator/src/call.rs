//! The life of a request: find who calls, check the scope, read what is wished for, act, answer.

mod credential;
mod intake;
mod once;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use turnpike_domain::scope::Scope;
use turnpike_service::{Actor, KeptAnswer, Service, Token};

use crate::cursor::{HIGHEST_LIMIT, Paging, USUAL_LIMIT};
use crate::desk::{Changed, Desk, Manner, Receipt};
use crate::members::{Members, Source, Wish};
use crate::problem::{Kind, Problem};
use crate::read;
use crate::settings::OperatorSettings;
use crate::sheet::{CSV, Sheet};
pub(crate) use credential::Paces;
use intake::Intake;

/// The media type of answers and bodies.
pub(crate) const JSON: &str = "application/json";

/// What every request can reach.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) service: Service,
    pub(crate) settings: Arc<OperatorSettings>,
    /// The settings in force, without secrets.
    pub(crate) in_force: Arc<Value>,
    pub(crate) paces: Paces,
}

/// What a route is for, which says where its wish is read and what else its query may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Shows one thing.
    Show,
    /// Lists things page by page.
    List,
    /// Writes things as a table, all of them.
    Export,
    /// Changes something.
    Change {
        /// Whether gateways must follow.
        reaches_gateways: bool,
    },
}

/// What a route asks of its caller, and how it says that it succeeded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) scope: Scope,
    pub(crate) purpose: Purpose,
    pub(crate) success: StatusCode,
}

/// A function that answers a request: any `async fn(Desk, W) -> Result<D, Problem>`.
pub(crate) trait Act<W, F>: Fn(Desk, W) -> F + Clone + Send + Sync + 'static {}

impl<A, W, F> Act<W, F> for A where A: Fn(Desk, W) -> F + Clone + Send + Sync + 'static {}

/// Who acted, among the answer's extensions, for the log.
#[derive(Clone, Debug)]
pub(crate) struct ActedAs(pub(crate) String);

/// Answers one request at a route.
pub(crate) async fn answer<W, D, F>(
    api: Api,
    rules: Rules,
    places: Vec<(String, String)>,
    act: impl Act<W, F>,
    request: Request,
) -> Response
where
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, Problem>>,
{
    enter(api, rules, places, (request, JSON), |case, _| case.close::<W, D, F>(act)).await
}

/// Answers one request at a route with a table.
pub(crate) async fn export<W, F>(
    api: Api,
    rules: Rules,
    places: Vec<(String, String)>,
    act: impl Act<W, F>,
    request: Request,
) -> Response
where
    W: Wish,
    F: Future<Output = Result<Sheet, Problem>>,
{
    let written = |case: Case, path: String| async move {
        let wish = case.read()?;
        Ok(table(act(case.desk, wish).await?, &path))
    };
    enter(api, rules, places, (request, CSV), written).await
}

/// Finds out who asks and for what, lets `answer` answer it, and notes who acted.
async fn enter<F>(
    api: Api,
    rules: Rules,
    places: Vec<(String, String)>,
    (request, media_type): (Request, &'static str),
    answer: impl FnOnce(Case, String) -> F,
) -> Response
where
    F: Future<Output = Result<Response, Problem>>,
{
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let token = match credential::admit(&api, &parts.headers, rules.scope).await {
        Ok(token) => token,
        Err(problem) => return problem.into_response(&path),
    };
    let name = token.name.clone();
    let answered = async {
        intake::check_accept(&parts.headers, media_type)?;
        let case = Case::open(&api, rules, (token, places), (&parts, body)).await?;
        answer(case, path.clone()).await
    };
    let mut response = answered.await.unwrap_or_else(|problem: Problem| problem.into_response(&path));
    response.extensions_mut().insert(ActedAs(name));
    response
}

/// A table as a file that is named after the last word of its path.
fn table(sheet: Sheet, path: &str) -> Response {
    let mut response = Response::new(Body::from_stream(sheet.into_parts()));
    let name = path.rsplit('/').next().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(file) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        headers.insert(CONTENT_DISPOSITION, file);
    }
    response
}

/// A request that was taken in.
struct Case {
    desk: Desk,
    /// What is wished for, as it was given.
    wish: (Map<String, Value>, Source),
    /// The caller's key. A dry run does nothing that could be done twice.
    key: Option<String>,
    scope: String,
    /// Everything that makes it this request and no other.
    asked: [u8; 32],
}

impl Case {
    async fn open(
        api: &Api,
        rules: Rules,
        (token, places): (Token, Vec<(String, String)>),
        (parts, body): (&Parts, Body),
    ) -> Result<Self, Problem> {
        let Intake { mut query, body, raw_body } = Intake::of(parts, body, &api.settings).await?;
        let (paging, manner, reason) = asides(&mut query, rules.purpose)?;
        let is_change = matches!(rules.purpose, Purpose::Change { .. });
        let wish = if is_change {
            // Nothing else may stand in the query of a change.
            Members::new(query, Source::Query).finish()?;
            (body, Source::Body)
        } else {
            (query, Source::Query)
        };
        let method = parts.method.as_str().as_bytes();
        let (path, raw_query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        let asked = [method, b"\0", path.as_bytes(), b"\0", raw_query.as_bytes(), b"\0", &raw_body];
        let scope = format!("operator:{}", token.id);
        let desk = Desk {
            service: api.service.clone(),
            actor: Actor::Token { id: token.id, name: token.name, reason },
            scopes: token.scopes,
            settings: Arc::clone(&api.settings),
            in_force: Arc::clone(&api.in_force),
            success: rules.success,
            paging,
            manner,
            path: path.to_owned(),
            places,
            ticket: None,
        };
        let key = once::key(&parts.headers).filter(|_| is_change).transpose()?.filter(|_| !manner.dry_run);
        Ok(Self { asked: desk.service.request_hash(&asked), desk, wish, key, scope })
    }

    /// Carries it out and answers.
    async fn close<W, D, F>(self, act: impl Act<W, F>) -> Result<Response, Problem>
    where
        W: Wish,
        D: Serialize,
        F: Future<Output = Result<D, Problem>>,
    {
        // What cannot be read takes no key.
        let wish: W = self.read()?;
        match &self.key {
            None => Ok(response(carry_out(self.desk, act, wish).await?, false)),
            Some(key) => once::carry_out::<W, D, F>(&self, key, act).await,
        }
    }

    fn read<W: Wish>(&self) -> Result<W, Problem> {
        let (given, source) = &self.wish;
        let mut members = Members::new(given.clone(), *source);
        let wish = W::read(&mut members);
        members.finish()?;
        wish.ok_or_else(Problem::internal)
    }
}

/// What stands in the query beside the wish.
fn asides(query: &mut Map<String, Value>, purpose: Purpose) -> Result<(Paging, Manner, String), Problem> {
    let names: &[&str] = match purpose {
        Purpose::Show | Purpose::Export => &[],
        Purpose::List => &["limit", "cursor"],
        Purpose::Change { reaches_gateways: false } => &["dry_run", "reason"],
        Purpose::Change { reaches_gateways: true } => &["dry_run", "reason", "wait"],
    };
    let given = names.iter().filter_map(|name| query.remove_entry(*name)).collect();
    let mut members = Members::new(given, Source::Query);
    let limit = members.optional("limit", |given| read::count(given, 1..=HIGHEST_LIMIT)).unwrap_or(USUAL_LIMIT);
    let cursor = members.optional("cursor", |given| read::text(given).map(str::to_owned));
    let dry_run = members.optional("dry_run", read::flag).unwrap_or_default();
    let wait = members.optional("wait", |given| match read::text(given)? {
        "applied" => Ok(true),
        _ => Err("must be `applied`".to_owned()),
    });
    let reason = members.optional("reason", |given| read::line(given, 0..=200)).unwrap_or_default();
    members.finish()?;
    Ok((Paging { limit, cursor }, Manner { dry_run, wait: wait.unwrap_or_default() }, reason))
}

/// Acts, and writes what is to be answered.
async fn carry_out<W, D, F>(desk: Desk, act: impl Act<W, F>, wish: W) -> Result<KeptAnswer, Problem>
where
    D: Serialize,
    F: Future<Output = Result<D, Problem>>,
{
    let (service, manner, success) = (desk.service.clone(), desk.manner, desk.success);
    let patience = desk.settings.wait_limit();
    let body = act(desk, wish).await?;
    let effective = match manner {
        Manner { wait: true, dry_run: false } => {
            // It is done; that its effect cannot be seen is no reason to say it is not.
            let effective = service.effective_everywhere(patience).await;
            effective.map_or(Receipt::Unknown, |effective| Receipt::Known(effective.to_string()))
        }
        Manner { wait: true, dry_run: true } => Receipt::Unknown,
        Manner { wait: false, .. } => Receipt::Absent,
    };
    // A dry run makes nothing.
    let status = if manner.dry_run { StatusCode::OK } else { success };
    Ok(kept(status, &Changed { body, dry_run: manner.dry_run.then_some(true), effective }))
}

/// An answer as it goes out, and as it is kept.
pub(crate) fn kept<D: Serialize>(status: StatusCode, answer: &D) -> KeptAnswer {
    match serde_json::to_vec(answer) {
        Ok(body) => KeptAnswer { status: status.as_u16(), content_type: JSON.to_owned(), body },
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            Problem::internal().to_kept("")
        }
    }
}

fn response(answer: KeptAnswer, again: bool) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_str(&answer.content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static(JSON)));
    if again {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// A body or query that cannot be read at all.
fn malformed(detail: &str) -> Problem {
    Problem::new(Kind::Malformed, detail)
}
