//! Collects routes into a router and a document, from the same lines, so that neither can lack what the other has.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use http::{Method, StatusCode};
use serde::Serialize;
use turnpike_domain::scope::Scope;
use utoipa::ToSchema;

use crate::call::{self, Act, Api, Purpose, Rules};
use crate::cursor::PageOf;
use crate::document::{Document, Entry};
use crate::guard;
use crate::members::Wish;
use crate::problem::Problem;
use crate::router::PREFIX;
use crate::sheet::Sheet;

/// Routes, in the order they were put down.
#[derive(Default)]
pub(crate) struct Contents {
    routes: BTreeMap<&'static str, MethodRouter<Api>>,
    document: Document,
    /// What each route asks for.
    #[cfg(test)]
    pub(crate) asked: Vec<tests::Asked>,
}

impl Contents {
    /// Shows one thing.
    pub(crate) fn show<W, D, F>(self, path: &'static str, summary: &'static str, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema + Send,
        F: Future<Output = Result<D, Problem>> + Send + 'static,
    {
        let rules = Rules { scope: Scope::Read, purpose: Purpose::Show, success: StatusCode::OK };
        self.add::<W, D, F>((Method::GET, path, summary), rules, act)
    }

    /// Shows a secret. That it was shown goes into the audit.
    pub(crate) fn reveal<W, D, F>(self, path: &'static str, summary: &'static str, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema + Send,
        F: Future<Output = Result<D, Problem>> + Send + 'static,
    {
        let rules = Rules { scope: Scope::Secrets, purpose: Purpose::Show, success: StatusCode::OK };
        self.add::<W, D, F>((Method::GET, path, summary), rules, act)
    }

    /// Lists things page by page.
    pub(crate) fn list<W, T, F>(mut self, path: &'static str, summary: &'static str, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        T: Serialize + ToSchema + Send,
        F: Future<Output = Result<PageOf<T>, Problem>> + Send + 'static,
    {
        self.document.know::<T>();
        let rules = Rules { scope: Scope::Read, purpose: Purpose::List, success: StatusCode::OK };
        self.add::<W, PageOf<T>, F>((Method::GET, path, summary), rules, act)
    }

    /// Writes things as a table.
    pub(crate) fn export<W, F>(mut self, path: &'static str, summary: &'static str, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        F: Future<Output = Result<Sheet, Problem>> + Send + 'static,
    {
        let rules = Rules { scope: Scope::Read, purpose: Purpose::Export, success: StatusCode::OK };
        self.document.add::<W, Sheet>(&Entry { method: &Method::GET, path, summary, rules });
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(Method::GET, path, rules));
        let handler = move |State(api): State<Api>, places: Places, request: Request| {
            let act = act.clone();
            async move {
                match named(places) {
                    Some(places) => call::export(api, rules, places, act, request).await,
                    None => guard::route_unknown(request).await,
                }
            }
        };
        let route = self.routes.remove(path).unwrap_or_default();
        self.routes.insert(path, route.on(MethodFilter::GET, handler));
        self
    }

    /// Changes something that gateways need not hear of at once. A POST makes something.
    pub(crate) fn change<W, D, F>(self, call: Call, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema + Send,
        F: Future<Output = Result<D, Problem>> + Send + 'static,
    {
        let rules = rules(&call.0, Purpose::Change { reaches_gateways: false });
        self.add::<W, D, F>(call, rules, act)
    }

    /// Changes something that gateways follow, for which `wait=applied` waits. A POST makes something.
    pub(crate) fn change_everywhere<W, D, F>(self, call: Call, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema + Send,
        F: Future<Output = Result<D, Problem>> + Send + 'static,
    {
        let rules = rules(&call.0, Purpose::Change { reaches_gateways: true });
        self.add::<W, D, F>(call, rules, act)
    }

    fn add<W, D, F>(mut self, (method, path, summary): Call, rules: Rules, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema + Send,
        F: Future<Output = Result<D, Problem>> + Send + 'static,
    {
        self.document.add::<W, D>(&Entry { method: &method, path, summary, rules });
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(method.clone(), path, rules));
        let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
        let handler = move |State(api): State<Api>, places: Places, request: Request| {
            let act = act.clone();
            async move { enter(api, rules, places, act, request).await }
        };
        let route = self.routes.remove(path).unwrap_or_default();
        self.routes.insert(path, route.on(filter, handler));
        self
    }

    /// The routes, and the document.
    pub(crate) fn into_parts(self) -> (Router<Api>, Bytes) {
        let routes = self
            .routes
            .into_iter()
            .fold(Router::new(), |router, (path, route)| router.route(&format!("{PREFIX}{path}"), route));
        (routes, self.document.into_json())
    }
}

/// Method, path below the prefix, and what it does in a few words.
pub(crate) type Call = (Method, &'static str, &'static str);

type Places = Result<RawPathParams, RawPathParamsRejection>;

fn rules(method: &Method, purpose: Purpose) -> Rules {
    let success = if method == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
    Rules { scope: Scope::Write, purpose, success }
}

async fn enter<W, D, F>(api: Api, rules: Rules, places: Places, act: impl Act<W, F>, request: Request) -> Response
where
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, Problem>>,
{
    match named(places) {
        Some(places) => call::answer::<W, D, F>(api, rules, places, act, request).await,
        None => guard::route_unknown(request).await,
    }
}

/// The parts of a path that vary; `None` when one is not in UTF-8, which nothing is called.
fn named(places: Places) -> Option<Vec<(String, String)>> {
    let places = places.ok()?;
    Some(places.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Map, Value};

    use super::*;
    use crate::members::{Members, Source};

    pub(crate) struct Asked {
        method: Method,
        path: &'static str,
        rules: Rules,
        members: Vec<&'static str>,
    }

    impl Asked {
        pub(super) fn of<W: Wish>(method: Method, path: &'static str, rules: Rules) -> Self {
            let mut members = Members::new(Map::new(), Source::Body);
            W::read(&mut members);
            Self { method, path, rules, members: members.asked }
        }
    }

    fn names<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        values.into_iter().collect()
    }

    #[test]
    fn the_document_names_exactly_the_members_that_are_read() {
        let mut contents = crate::router::contents();
        let asked = std::mem::take(&mut contents.asked);
        assert!(asked.len() > 20);
        let document: Value = serde_json::from_slice(&contents.into_parts().1).unwrap();
        for Asked { method, path, rules, members } in asked {
            let call = &document["paths"][format!("{PREFIX}{path}")][method.as_str().to_lowercase()];
            let parameters = call["parameters"].as_array().into_iter().flatten();
            let query = parameters.filter(|parameter| parameter["in"] == "query");
            let query = names(query.map(|parameter| parameter["name"].as_str().unwrap()));
            let body = &call["requestBody"]["content"]["application/json"]["schema"];
            let body = names(body["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()));
            let members = names(members);
            let (own_query, own_body) = match rules.purpose {
                Purpose::Show | Purpose::Export => (members, names([])),
                Purpose::List => (&members | &names(["limit", "cursor"]), names([])),
                Purpose::Change { reaches_gateways: false } => (names(["dry_run", "reason"]), members),
                Purpose::Change { reaches_gateways: true } => (names(["dry_run", "reason", "wait"]), members),
            };
            assert_eq!((query, body), (own_query, own_body), "{method} {path}");
            assert!(call["summary"].is_string() && call["operationId"].is_string(), "{method} {path} is not explained");
        }
    }
}
