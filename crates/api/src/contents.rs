//! Collects calls into a router and a document, from the same lines, so that neither can lack what the other has.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{self, Api, Caller, Rules, Wish};
use crate::document::Document;
use crate::error::ApiError;
use crate::settings::Prefix;

/// Calls, in the order they were put down.
#[derive(Default)]
pub(crate) struct Contents {
    routes: Vec<(&'static str, MethodRouter<Api>)>,
    document: Document,
    /// What each call asks for.
    #[cfg(test)]
    asked: Vec<(&'static str, Vec<&'static str>)>,
}

impl Contents {
    /// A call that only reads, by GET.
    pub(crate) fn get<W, D, F>(self, path: &'static str, rules: Rules, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.add((Method::GET, path), rules, act)
    }

    /// A call that changes something, by POST.
    pub(crate) fn post<W, D, F>(self, path: &'static str, rules: Rules, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.add((Method::POST, path), rules, act)
    }

    fn add<W, D, F>(mut self, (method, path): (Method, &'static str), rules: Rules, act: impl Act<W, F>) -> Self
    where
        W: Wish + ToSchema,
        D: Serialize + ToSchema,
        F: Future<Output = Result<D, ApiError>> + Send + 'static,
    {
        self.document.add::<W, D>(&method, path, rules);
        #[cfg(test)]
        self.asked.push((path, tests::asked::<W>()));
        let filter = if method == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
        let handler = move |State(api): State<Api>, request: Request| call::answer(api, rules, act.clone(), request);
        self.routes.push((path, on(filter, handler)));
        self
    }

    /// The routes under every prefix, and the document.
    pub(crate) fn into_parts(self, prefixes: &[Prefix]) -> (Router<Api>, Bytes) {
        let document = self.document.into_json(prefixes);
        let mut router = Router::new();
        for prefix in prefixes.iter().collect::<BTreeSet<_>>() {
            for (path, route) in &self.routes {
                let path = format!("{}{path}", prefix.as_str());
                router = router.route(&format!("{path}/"), route.clone()).route(&path, route.clone());
            }
        }
        (router, document)
    }
}

/// A function that answers a call: any `async fn(Caller, W) -> Result<D, ApiError>`.
pub(crate) trait Act<W, F>: Fn(Caller, W) -> F + Clone + Send + Sync + 'static {}

impl<A, W, F> Act<W, F> for A where A: Fn(Caller, W) -> F + Clone + Send + Sync + 'static {}

#[cfg(test)]
mod tests {
    use turnpike_domain::calendar::Zone;
    use turnpike_domain::time::Timestamp;

    use super::*;
    use crate::fields::Fields;
    use crate::parameters::Parameters;
    use crate::settings::ApiSettings;

    pub(super) fn asked<W: Wish>() -> Vec<&'static str> {
        let (parameters, zone) = (Parameters::default(), Zone::utc());
        let mut fields = Fields::new(&parameters, &zone, Timestamp::from_ms(0));
        W::read(&mut fields);
        fields.asked
    }

    #[test]
    fn the_document_names_exactly_the_parameters_that_are_read() {
        let contents = crate::router::contents();
        let asked = contents.asked.clone();
        let (_, document) = contents.into_parts(&ApiSettings::default().prefixes);
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        for (path, asked) in asked {
            let call = &document["paths"][format!("/api-gate-way{path}")];
            let expected: BTreeSet<&str> = asked.into_iter().chain(["language"]).collect();
            let call = call.get("get").or(call.get("post")).unwrap();
            let query = call["parameters"].as_array().unwrap().iter();
            let query: BTreeSet<&str> = query.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            assert_eq!(query, expected, "{path}");
            for content in call["requestBody"]["content"].as_object().iter().flat_map(|kinds| kinds.values()) {
                let mut body: BTreeSet<&str> =
                    content["schema"]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
                assert!(body.remove("app_key"));
                assert_eq!(body, expected, "{path}");
            }
        }
    }
}
