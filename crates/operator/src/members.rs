//! Reads what a caller wishes for, strictly: every member must be known and of its type, and all faults are told at
//! once, by name.

use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{FieldProblem, Kind, Problem};

/// Where members were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// In the query, where everything is text.
    Query,
    /// In a JSON body.
    Body,
}

/// A value, and where it was given.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) value: &'a Value,
    pub(crate) source: Source,
}

/// What a caller may wish for at one route, in its types.
pub(crate) trait Wish: Sized + Send + 'static {
    /// Reads it. Whenever the members note that something was refused, what this returns is not used.
    fn read(members: &mut Members) -> Option<Self>;
}

/// Nothing can be wished for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Wish for Nothing {
    fn read(_: &mut Members) -> Option<Self> {
        Some(Self)
    }
}

impl PartialSchema for Nothing {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().into()
    }
}

impl ToSchema for Nothing {}

/// What was given and not yet read, and what was wrong so far.
pub(crate) struct Members {
    given: Map<String, Value>,
    source: Source,
    errors: Vec<FieldProblem>,
    /// Every name that was asked for.
    #[cfg(test)]
    pub(crate) asked: Vec<&'static str>,
}

impl Members {
    pub(crate) fn new(given: Map<String, Value>, source: Source) -> Self {
        Self {
            given,
            source,
            errors: Vec::new(),
            #[cfg(test)]
            asked: Vec::new(),
        }
    }

    /// A member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Given<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let before = self.errors.len();
        let found = self.optional(name, read);
        if found.is_none() && self.errors.len() == before {
            self.refuse(name, format!("{name}: must be given"));
        }
        found
    }

    /// A member that may be left out.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Given<'_>) -> Result<T, String>,
    ) -> Option<T> {
        #[cfg(test)]
        self.asked.push(name);
        let value = self.given.remove(name)?;
        match read(Given { value: &value, source: self.source }) {
            Ok(read) => Some(read),
            Err(fault) => {
                self.refuse(name, format!("{name}: {fault}"));
                None
            }
        }
    }

    /// A list of at most so many objects that may be left out, each read by its own members.
    pub(crate) fn each<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.optional(name, |given| {
            let items = given.value.as_array().filter(|items| items.len() <= most);
            items.cloned().ok_or_else(|| format!("must be a list of at most {most} objects"))
        })?;
        let before = self.errors.len();
        let read = items.into_iter().enumerate().filter_map(|(place, item)| {
            let Value::Object(given) = item else {
                let detail = format!("{name}/{place}: must be an object");
                self.errors.push(FieldProblem { detail, pointer: Some(format!("#/{name}/{place}")), parameter: None });
                return None;
            };
            let mut inner = Self::new(given, self.source);
            let read = read(&mut inner);
            self.errors.extend(inner.into_errors().into_iter().map(|error| error.within(&format!("{name}/{place}"))));
            read
        });
        let read: Vec<T> = read.collect();
        (self.errors.len() == before).then_some(read)
    }

    /// As [`Members::each`], for a list that must be there.
    pub(crate) fn required_each<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let before = self.errors.len();
        let found = self.each(name, most, read);
        if found.is_none() && self.errors.len() == before {
            self.refuse(name, format!("{name}: must be given"));
        }
        found
    }

    /// Refuses a change that would change nothing. Asked before anything is read.
    pub(crate) fn must_hold_something(&mut self) {
        if self.given.is_empty() {
            let detail = "at least one member must be given".to_owned();
            self.errors.push(FieldProblem { detail, pointer: Some("#".to_owned()), parameter: None });
        }
    }

    /// Notes that a member is wrong.
    pub(crate) fn refuse(&mut self, name: &str, detail: String) {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        self.errors.push(match self.source {
            Source::Query => FieldProblem { detail, pointer: None, parameter: Some(name.to_owned()) },
            Source::Body => FieldProblem { detail, pointer: Some(format!("#/{escaped}")), parameter: None },
        });
    }

    /// Says what was wrong, if anything was: members that nobody asked for, too.
    ///
    /// # Errors
    /// A problem that names every one.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let kind = if self.source == Source::Query { Kind::Parameter } else { Kind::Body };
        let errors = self.into_errors();
        if errors.is_empty() { Ok(()) } else { Err(Problem::of_fields(kind, errors)) }
    }

    /// All that was wrong, members that nobody asked for included.
    fn into_errors(mut self) -> Vec<FieldProblem> {
        let unknown: Vec<String> = self.given.keys().cloned().collect();
        for name in unknown {
            self.refuse(&name, format!("{name}: is not known here"));
        }
        self.errors
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read;

    fn of(value: Value) -> Members {
        let Value::Object(given) = value else { panic!("an object") };
        Members::new(given, Source::Body)
    }

    #[test]
    fn every_fault_is_told_by_name() {
        let mut members = of(json!({"a": true, "b": 7, "x/y": 1}));
        assert_eq!(members.required("a", |given| read::integer(given, 0..=9)), None);
        assert_eq!(members.required("b", |given| read::integer(given, 0..=9)), Some(7));
        assert_eq!(members.required("c", |given| read::integer(given, 0..=9)), None);
        let kept = members.finish().unwrap_err().to_kept("/x");
        let told: Value = serde_json::from_slice(&kept.body).unwrap();
        let pointers: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
        assert_eq!((kept.status, pointers), (422, vec![&json!("#/a"), &json!("#/c"), &json!("#/x~1y")]));
    }

    #[test]
    fn null_is_not_the_same_as_nothing() {
        let mut members = of(json!({"a": null}));
        assert_eq!((members.optional("a", read::flag), members.optional("b", read::flag)), (None, None));
        let told: Value = serde_json::from_slice(&members.finish().unwrap_err().to_kept("/x").body).unwrap();
        assert_eq!(told["errors"], json!([{"detail": "a: must be true or false", "pointer": "#/a"}]));
    }
}
