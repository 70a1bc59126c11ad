//! Collects calls into a router and a document, from the same lines, so that neither can lack what the other has.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::Stream;
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{self, Act, Api, Caller, Rules, Told, Who, Wish};
use crate::document::Document;
use crate::envelope::ListOf;
use crate::error::ApiError;
use crate::kept::Kept;
use crate::settings::Prefix;

/// Where the routes of the dashboard begin, which are under no prefix (contract 0.1, 9).
const DASHBOARD: &str = "/web_v1/";

/// Calls, in the order they were put down.
#[derive(Default)]
pub(crate) struct Contents {
    routes: Vec<(&'static str, MethodRouter<Api>)>,
    document: Document,
    /// What each call asks for, and of whom.
    #[cfg(test)]
    asked: Vec<tests::Asked>,
}

impl Contents {
    /// A call that only reads, by GET.
    pub(crate) fn get<C, W, D, F>(self, path: &'static str, rules: Rules, act: impl Act<C, W, F>) -> Self
    where
        C: Who,
        W: Wish + ToSchema,
        D: Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.add((Method::GET, path), rules, act)
    }

    /// A call that changes something, by POST.
    pub(crate) fn post<C, W, D, F>(self, path: &'static str, rules: Rules, act: impl Act<C, W, F>) -> Self
    where
        C: Who,
        W: Wish + ToSchema,
        D: Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.add((Method::POST, path), rules, act)
    }

    /// A call that answers with events, each a `D`, for as long as the client listens; by GET.
    pub(crate) fn stream<W, D, S, F>(mut self, path: &'static str, rules: Rules, act: impl Act<Caller, W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: ToSchema,
        S: Stream<Item = bytes::Bytes> + Send + 'static,
        F: Future<Output = Result<S, ApiError>> + Send + 'static,
    {
        self.document.add_stream::<W, D>(path, rules);
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(Method::GET, path, rules));
        let handler = move |State(api): State<Api>, request: Request| {
            let act = act.clone();
            async move { call::stream(api, (path, rules), act, request).await }
        };
        self.routes.push((path, on(MethodFilter::GET, handler)));
        self
    }

    /// A call that can be answered with a text instead of JSON, by GET.
    pub(crate) fn told<W, D, F>(mut self, path: &'static str, rules: Rules, act: impl Act<Caller, W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Told + Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.document.add_told::<W, D>(path, rules);
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(Method::GET, path, rules));
        let handler = move |State(api): State<Api>, request: Request| {
            let act = act.clone();
            async move { call::told(api, (path, rules), act, request).await }
        };
        self.routes.push((path, on(MethodFilter::GET, handler)));
        self
    }

    /// A call that lists all rows there are, each an `R`, from memory; by GET.
    pub(crate) fn kept<W, R, F>(mut self, path: &'static str, rules: Rules, act: impl Act<Caller, W, F>) -> Self
    where
        W: Wish + ToSchema,
        R: ToSchema,
        F: Future<Output = Result<Arc<Kept>, ApiError>> + Send + 'static,
    {
        self.document.add_kept::<W, ListOf<R>>(path, rules);
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(Method::GET, path, rules));
        let handler = move |State(api): State<Api>, request: Request| {
            let act = act.clone();
            async move { call::kept(api, (path, rules), act, request).await }
        };
        self.routes.push((path, on(MethodFilter::GET, handler)));
        self
    }

    /// A call that lists all rows there are, each an `R`, in parts; by GET.
    pub(crate) fn list<W, R, S, F>(mut self, path: &'static str, rules: Rules, act: impl Act<Caller, W, F>) -> Self
    where
        W: Wish + ToSchema,
        R: Serialize + ToSchema + Send + 'static,
        S: Stream<Item = Result<Vec<R>, ApiError>> + Send + 'static,
        F: Future<Output = Result<S, ApiError>> + Send + 'static,
    {
        self.document.add::<W, ListOf<R>>(&Method::GET, path, rules);
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(Method::GET, path, rules));
        let handler = move |State(api): State<Api>, request: Request| {
            let act = act.clone();
            async move { call::list(api, (path, rules), act, request).await }
        };
        self.routes.push((path, on(MethodFilter::GET, handler)));
        self
    }

    fn add<C, W, D, F>(mut self, (method, path): (Method, &'static str), rules: Rules, act: impl Act<C, W, F>) -> Self
    where
        C: Who,
        W: Wish + ToSchema,
        D: Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.document.add::<W, D>(&method, path, rules);
        #[cfg(test)]
        self.asked.push(tests::Asked::of::<W>(method.clone(), path, rules));
        let filter = if method == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
        let handler =
            move |State(api): State<Api>, request: Request| call::answer(api, (path, rules), act.clone(), request);
        self.routes.push((path, on(filter, handler)));
        self
    }

    /// The routes under every prefix, and the document.
    pub(crate) fn into_parts(self, prefixes: &[Prefix]) -> (Router<Api>, Bytes) {
        let document = self.document.into_json(|path| first_place(prefixes, path));
        let mut router = Router::new();
        for (path, route) in self.routes {
            for place in places(prefixes, path) {
                router = router.route(&format!("{place}/"), route.clone()).route(&place, route.clone());
            }
        }
        (router, document)
    }
}

/// Every path a call is served under.
fn places(prefixes: &[Prefix], path: &str) -> BTreeSet<String> {
    if path.starts_with(DASHBOARD) {
        return BTreeSet::from([path.to_owned()]);
    }
    prefixes.iter().map(|prefix| format!("{}{path}", prefix.as_str())).collect()
}

/// The path a call is documented under.
fn first_place(prefixes: &[Prefix], path: &str) -> String {
    let prefix = prefixes.first().filter(|_| !path.starts_with(DASHBOARD));
    format!("{}{path}", prefix.map(Prefix::as_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use turnpike_domain::calendar::Zone;
    use turnpike_domain::time::Timestamp;

    use super::*;
    use crate::call::Gate;
    use crate::fields::Fields;
    use crate::parameters::Parameters;
    use crate::settings::ApiSettings;

    #[derive(Clone)]
    pub(super) struct Asked {
        method: Method,
        path: &'static str,
        rules: Rules,
        parameters: Vec<&'static str>,
    }

    impl Asked {
        pub(super) fn of<W: Wish>(method: Method, path: &'static str, rules: Rules) -> Self {
            let (parameters, zone) = (Parameters::default(), Zone::utc());
            let mut fields = Fields::new(&parameters, &zone, Timestamp::from_ms(0));
            W::read(&mut fields);
            Self { method, path, rules, parameters: fields.asked }
        }
    }

    #[test]
    fn the_document_names_exactly_the_parameters_that_are_read() {
        let contents = crate::router::contents();
        let prefixes = ApiSettings::default().prefixes;
        let asked = contents.asked.clone();
        let (_, document) = contents.into_parts(&prefixes);
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        for Asked { method, path, rules, parameters } in asked {
            let call = &document["paths"][first_place(&prefixes, path)][method.as_str().to_lowercase()];
            let expected: BTreeSet<&str> = parameters.into_iter().chain(["language"]).collect();
            let query = call["parameters"].as_array().unwrap().iter().filter(|parameter| parameter["in"] == "query");
            let query: BTreeSet<&str> = query.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            assert_eq!(query, expected, "{path}");
            for content in call["requestBody"]["content"].as_object().iter().flat_map(|kinds| kinds.values()) {
                let mut body: BTreeSet<&str> =
                    content["schema"]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(body.remove("app_key"), rules.gate != Gate::Anyone, "{path}");
                assert_eq!(body, expected, "{path}");
            }
            assert!(call["summary"].is_string() && call["description"].is_string(), "{path} is not explained");
        }
    }
}
