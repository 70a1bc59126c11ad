//! The life of a call: take it in, find who calls, check what the route asks, read its parameters, act, answer.

mod caller;
mod kept;
mod once;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;
use turnpike_domain::ids::CustomerId;
use turnpike_service::Service;

use crate::client;
use crate::envelope::{JSON, Success, TEXT, Written};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::intake::Intake;
use crate::language::Language;
use crate::live::Streams;
use crate::parameters::Parameters;
use crate::places::PlaceLists;
use crate::settings::ApiSettings;

pub(crate) use kept::kept;

pub(crate) use caller::{Act, Caller, Desk, Visitor, Who};

/// What every call can reach.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) service: Service,
    pub(crate) settings: Arc<ApiSettings>,
    /// Which answers go on for as long as their clients listen.
    pub(crate) streams: Streams,
    /// Lists of places, as they were told last.
    pub(crate) place_lists: Arc<PlaceLists>,
}

/// What a route asks of its caller, and how it says that it succeeded (contract 0.3, 0.4).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How a success is told, by group.
    pub(crate) success: Success,
    /// Who may call.
    pub(crate) gate: Gate,
}

/// Who may call a route. Everybody has a valid key or session, except where anyone may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Whoever it is: the call is how one becomes somebody.
    Anyone,
    /// Any customer.
    Open,
    /// Verified customers; others get code 156.
    Verified,
    /// Customers who are not suspended: the call changes something.
    Unsuspended,
    /// Verified customers who are not suspended.
    Changing,
}

impl Gate {
    /// Whether others than verified customers get code 156.
    pub(crate) const fn asks_verification(self) -> bool {
        matches!(self, Self::Verified | Self::Changing)
    }

    /// Whether suspended customers get code 403.
    pub(crate) const fn asks_activity(self) -> bool {
        matches!(self, Self::Unsuspended | Self::Changing)
    }
}

/// What a caller may wish for at one route: its parameters, in their types.
pub(crate) trait Wish: Sized + Send + 'static {
    /// Reads it. Whenever the fields note that something was refused, what this returns is not used.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// How a call ended, among the answer's extensions, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) code: u16,
    pub(crate) customer: Option<CustomerId>,
}

/// A request that was taken in.
struct Taken {
    method: Method,
    intake: Intake,
    headers: HeaderMap,
    path: &'static str,
    desk: Desk,
}

/// Why there is no ordinary answer, and whom to tell in which language.
struct Refusal {
    error: ApiError,
    language: Language,
    customer: Option<CustomerId>,
}

impl Refusal {
    fn into_response(self) -> Response {
        failed(&self.error, self.language, self.customer)
    }
}

/// Answers one request at a route.
pub(crate) async fn answer<C, W, D, F>(
    api: Api,
    (path, rules): (&'static str, Rules),
    act: impl Act<C, W, F>,
    request: Request,
) -> Response
where
    C: Who,
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, ApiError>>,
{
    let admitted = match admit::<C>(api, (path, rules), request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    match carry_out(&admitted, act).await {
        Ok(done) => {
            let mut response = done.written.into_response();
            if done.again {
                response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
            }
            let customer = admitted.caller.customer();
            response.extensions_mut().insert(Outcome { code: done.code, customer });
            response
        }
        Err(error) => failed(&error, admitted.desk.language, admitted.caller.customer()),
    }
}

/// What can be told in a text instead.
pub(crate) trait Told {
    /// The text, if that is wished for.
    fn text(&self) -> Option<&str>;
}

/// Answers one request at a route with JSON, or with a text if that is wished for. Errors are always JSON.
pub(crate) async fn told<W, D, F>(
    api: Api,
    (path, rules): (&'static str, Rules),
    act: impl Act<Caller, W, F>,
    request: Request,
) -> Response
where
    W: Wish,
    D: Told + Serialize,
    F: Future<Output = Result<D, ApiError>>,
{
    let show = |data: D, language| match data.text() {
        Some(text) => of_kind(TEXT, Body::from(text.to_owned())),
        None => Written::success(rules.success, &data, language).into_response(),
    };
    carry_out_once(api, (path, rules), request, act, show).await
}

/// Answers one request at a route with events that go on.
pub(crate) async fn stream<W, S, F>(
    api: Api,
    (path, rules): (&'static str, Rules),
    act: impl Act<Caller, W, F>,
    request: Request,
) -> Response
where
    W: Wish,
    S: Stream<Item = Bytes> + Send + 'static,
    F: Future<Output = Result<S, ApiError>>,
{
    let show =
        |events: S, _| of_kind("text/event-stream", Body::from_stream(events.map(Ok::<_, std::convert::Infallible>)));
    carry_out_once(api, (path, rules), request, act, show).await
}

/// Answers one request at a route with a list of any length, in parts. What goes wrong after the first part cuts the
/// answer off, so that nobody takes a part for the whole.
pub(crate) async fn list<W, R, S, F>(
    api: Api,
    (path, rules): (&'static str, Rules),
    act: impl Act<Caller, W, F>,
    request: Request,
) -> Response
where
    W: Wish,
    R: Serialize + Send + 'static,
    S: Stream<Item = Result<Vec<R>, ApiError>> + Send + 'static,
    F: Future<Output = Result<S, ApiError>>,
{
    let begin = |caller, wish| {
        let begun = act(caller, wish);
        async move {
            let mut parts = Box::pin(begun.await?);
            let first = parts.next().await.transpose()?.unwrap_or_default();
            Ok((first, parts))
        }
    };
    let show = |(first, parts), language| {
        of_kind(JSON, Body::from_stream(written(first, parts, Written::around_list(rules.success, language))))
    };
    carry_out_once(api, (path, rules), request, begin, show).await
}

/// Lets one request in, carries it out without keeping its answer, and shows what came of it.
async fn carry_out_once<W, D, F>(
    api: Api,
    (path, rules): (&'static str, Rules),
    request: Request,
    act: impl FnOnce(Caller, W) -> F,
    show: impl FnOnce(D, Language) -> Response,
) -> Response
where
    W: Wish,
    F: Future<Output = Result<D, ApiError>>,
{
    let admitted = match admit::<Caller>(api, (path, rules), request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    let (customer, language) = (admitted.caller.customer(), admitted.desk.language);
    let done = async {
        let wish = read(&admitted.parameters?, &admitted.desk)?;
        act(admitted.caller, wish).await
    };
    match done.await {
        Ok(data) => {
            let mut response = show(data, language);
            response.extensions_mut().insert(Outcome { code: rules.success.code, customer });
            response
        }
        Err(error) => failed(&error, language, customer),
    }
}

fn of_kind(kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The rows as JSON, a chunk for each part, between what stands around them.
fn written<R: Serialize>(
    first: Vec<R>,
    rest: impl Stream<Item = Result<Vec<R>, ApiError>>,
    (head, tail): (Vec<u8>, &'static [u8]),
) -> impl Stream<Item = std::io::Result<Bytes>> {
    let mut is_first = true;
    let mut lines = move |part: Vec<R>| {
        let mut json = Vec::with_capacity(part.len().saturating_mul(256));
        for row in part {
            if !std::mem::take(&mut is_first) {
                json.push(b',');
            }
            serde_json::to_writer(&mut json, &row)?;
        }
        Ok(Bytes::from(json))
    };
    let rows = stream::once(std::future::ready(Ok(first))).chain(rest).map(move |part| {
        // Why was logged when it became an error of the API.
        lines(part.map_err(|error| std::io::Error::other(format!("{error:?}")))?)
    });
    let around = |json| stream::once(std::future::ready(Ok(json)));
    around(Bytes::from(head)).chain(rows).chain(around(Bytes::from_static(tail)))
}

/// A request whose caller is known and may call.
struct Admitted<C> {
    caller: C,
    desk: Desk,
    parameters: Result<Parameters, ApiError>,
    path: &'static str,
    key: Option<Result<String, ApiError>>,
}

/// What was said in the end.
struct Done {
    written: Written,
    code: u16,
    /// Whether it was said before.
    again: bool,
}

async fn admit<C: Who>(
    api: Api,
    (path, rules): (&'static str, Rules),
    request: Request,
) -> Result<Admitted<C>, Refusal> {
    let taken = take_in(api, (path, rules), request).await?;
    let language = taken.desk.language;
    match C::admit(&taken.desk, rules.gate, &taken.intake, &taken.headers).await {
        Ok(caller) => Ok(Admitted {
            caller,
            // Reading again is as good as reading once.
            key: once::key(&taken.headers).filter(|_| taken.method == Method::POST),
            desk: taken.desk,
            parameters: taken.intake.into_parameters(),
            path: taken.path,
        }),
        Err(error) => Err(Refusal { error, language, customer: None }),
    }
}

async fn take_in(api: Api, (path, rules): (&'static str, Rules), request: Request) -> Result<Taken, Refusal> {
    let client = client::address_of(&request, &api.settings.trusted_proxies);
    let (parts, body) = request.into_parts();
    match Intake::of(&parts, body, &api.settings).await {
        Ok(intake) => {
            let language = Language::choose(intake.language(), &parts.headers, api.settings.language);
            let desk = Desk::new(api, rules, language, client);
            let desk = desk.heeding(&parts.extensions);
            Ok(Taken { method: parts.method, intake, headers: parts.headers, path, desk })
        }
        Err(error) => {
            let language = Language::of_request(&parts, api.settings.language);
            Err(Refusal { error, language, customer: None })
        }
    }
}

async fn carry_out<C, W, D, F>(admitted: &Admitted<C>, act: impl Act<C, W, F>) -> Result<Done, ApiError>
where
    C: Who,
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, ApiError>>,
{
    let desk = &admitted.desk;
    let parameters = admitted.parameters.as_ref().map_err(ApiError::clone)?;
    let wish: W = read(parameters, desk)?;
    if let (Some(key), Some(scope)) = (&admitted.key, admitted.caller.scope()) {
        let key = key.as_ref().map_err(ApiError::clone)?;
        let asked = once::Asked { scope: &scope, key, path: admitted.path, parameters };
        return once::carry_out(desk, &admitted.caller, &asked, act).await;
    }
    let data = act(admitted.caller.clone(), wish).await?;
    let written = Written::success(desk.success, &data, desk.language);
    Ok(Done { written, code: desk.success.code, again: false })
}

/// An error as an answer.
pub(crate) fn failed(error: &ApiError, language: Language, customer: Option<CustomerId>) -> Response {
    let mut response = Written::failure(error, language).into_response();
    response.extensions_mut().insert(Outcome { code: error.code(), customer });
    response
}

fn read<W: Wish>(parameters: &Parameters, desk: &Desk) -> Result<W, ApiError> {
    let (service, admitted) = (&desk.service, desk.settings.admitted_sources());
    let fields = Fields::new(parameters, service.zone(), service.now());
    let mut fields = fields.admitting(admitted).naming(desk.settings.account_prefix.0);
    match W::read(&mut fields) {
        Some(wish) if fields.is_clean() => Ok(wish),
        _ => Err(ApiError::Parameters(fields.into_errors())),
    }
}
