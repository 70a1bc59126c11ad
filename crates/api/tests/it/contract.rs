//! The contract as a table: every call of §1 to §9, whom it refuses, and what it answers to what.
//!
//! A file is a section, a [`Call`] a call, a [`Case`] a request and its answer. Cases run in order, on one store a section,
//! so that a case may rest on those before it; `$name` stands for what a case before it kept. What holds for every call is
//! in `gates`; a call of the document without a row here fails there.

mod accounts;
mod answers;
mod dashboard;
mod extraction;
mod family;
mod gates;
mod orders;
mod packages;
mod payment;
mod places;
mod shape;
mod static_ips;
mod trouble;
mod usage;
mod world;

use turnpike_testkit::each_store;

use world::World;

/// Every section.
fn sections() -> [(&'static str, &'static [Call]); 11] {
    [
        ("§1", accounts::CALLS),
        ("§2", usage::CALLS),
        ("§3", packages::CALLS),
        ("§4", static_ips::CALLS),
        ("§4 and §9, extraction", extraction::CALLS),
        ("§4 and §8, places", places::CALLS),
        ("§5", orders::CALLS),
        ("§7", payment::CALLS),
        ("§8", family::CALLS),
        ("ours", trouble::CALLS),
        ("§6 and §9", dashboard::CALLS),
    ]
}

fn calls() -> impl Iterator<Item = &'static Call> {
    sections().into_iter().flat_map(|(_, calls)| calls)
}

/// A row: a call and everything that is asked of it.
struct Call {
    /// Method, and path behind the prefix: `GET /order/list`.
    route: &'static str,
    /// The code of its success (§0.3).
    success: i64,
    refuses: Refuses,
    /// One of them asks for `{}`, by somebody who may.
    cases: &'static [Case],
}

/// Whom a call refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refuses {
    /// Nobody.
    Nobody,
    /// Who has neither key nor session: code 3, as all below.
    Strangers,
    /// Who is not verified, with code 156.
    Unverified,
    /// Who is suspended, with code 403.
    Suspended,
    /// Both.
    Both,
}

/// A request and its answer.
struct Case {
    /// Another call than the row's.
    route: Option<&'static str>,
    by: Who,
    /// The parameters, as a JSON object: the body of a POST, the query of a GET.
    asks: &'static str,
    answers: Answers,
    /// What later cases name, and where it is in `data`.
    keeps: &'static [(&'static str, &'static str)],
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Verified, rich, and has traffic.
    Anna,
    /// Verified, and has nothing.
    Ben,
}

/// What must come back, with HTTP status 200.
#[derive(Clone, Copy)]
enum Answers {
    /// Success, and `data` of this shape.
    Data(&'static str),
    /// An event stream, whose first event's data are of this shape.
    Event(&'static str),
    /// A code, and messages at exactly these parameters.
    Refusal(i64, &'static [&'static str]),
    /// 404 to Ben for what is Anna's, byte for byte what he gets for what nobody has.
    NotYours,
}

const fn case(asks: &'static str, answers: Answers) -> Case {
    Case { route: None, by: Who::Anna, asks, answers, keeps: &[] }
}

/// Success, with `data` of a shape (`shape.rs` says how shapes are written).
const fn shows(asks: &'static str, shape: &'static str) -> Case {
    case(asks, Answers::Data(shape))
}

/// A refusal: its code, and the parameters that it is about.
const fn refuses(asks: &'static str, code: i64, at: &'static [&'static str]) -> Case {
    case(asks, Answers::Refusal(code, at))
}

/// Ben asks for what is Anna's.
const fn not_yours(asks: &'static str) -> Case {
    Case { by: Who::Ben, ..case(asks, Answers::NotYours) }
}

impl Case {
    const fn by(self, by: Who) -> Self {
        Self { by, ..self }
    }

    /// Asks another call than the row's: to prepare a case, or to see what came of one.
    const fn of(self, route: &'static str) -> Self {
        Self { route: Some(route), ..self }
    }

    /// Keeps parts of `data` under names: `("trade_no", "/list/0/trade_no")`.
    const fn keeps(self, keeps: &'static [(&'static str, &'static str)]) -> Self {
        Self { keeps, ..self }
    }
}

macro_rules! sections {
    ($($name:ident => $calls:path;)*) => {
        each_store! {
            $(async fn $name(store: &TestStore) {
                World::over(store).await.answers($calls).await;
            })*
        }
    };
}

sections! {
    accounts_are_kept_as_section_1_says => accounts::CALLS;
    usage_is_told_as_section_2_says => usage::CALLS;
    packages_are_told_as_section_3_says => packages::CALLS;
    static_ips_are_told_as_section_4_says => static_ips::CALLS;
    endpoints_are_extracted_as_sections_4_and_9_say => extraction::CALLS;
    places_are_listed_as_sections_4_and_8_say => places::CALLS;
    orders_are_made_as_section_5_says => orders::CALLS;
    payments_are_offered_as_section_7_says => payment::CALLS;
    trouble_is_told_and_explained => trouble::CALLS;
    the_family_is_served_as_section_8_says => family::CALLS;
    the_dashboard_is_served_as_sections_6_and_9_say => dashboard::CALLS;
}
