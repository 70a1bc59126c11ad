//! Extracting endpoints, in JSON or as a text (contract §4, §9).

mod separator;

use serde::Serialize;
use turnpike_domain::endpoint::{EntryName, LARGEST_BATCH, LONGEST_LIFE_MINUTES, SHORTEST_LIFE_MINUTES};
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_service::Extraction;
use utoipa::ToSchema;

use crate::call::{Caller, Told, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::parameters::Given;

use separator::Separator;

/// The life of an endpoint, in minutes, when the caller names none.
const LIFE_MINUTES: u32 = 30;

/// Gives out endpoints of the gateway: each is a session of its own, which keeps one exit for its life. They take whoever comes
/// from an address on the allow list without a login, and accounts of the customer from anywhere; HTTP and SOCKS5 alike. The
/// caller's own address must be on the allow list. Fewer are given when fewer are free.
#[derive(ToSchema)]
#[schema(title = "Extract endpoints")]
pub(crate) struct Extract {
    /// The country of the exits, by its code. Default: any.
    #[schema(value_type = String, required = false, example = "US")]
    cc: Option<PlaceName>,
    /// Their state, by its name or ISO code. Default: any.
    #[schema(value_type = String, required = false, example = "California")]
    state: Option<PlaceName>,
    /// Their city. Default: any.
    #[schema(value_type = String, required = false, example = "LosAngeles")]
    city: Option<PlaceName>,
    /// How many. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 500)]
    num: u32,
    /// For how many minutes, from 1 to 7200: what is out of range counts as the nearest that is not. Default: 30.
    #[schema(value_type = u32, required = false)]
    life: u32,
    /// How they are told: `json` or `2`; `txt`, `text` or `1`. Default: json. Errors are always JSON.
    #[schema(value_type = String, required = false, example = "json")]
    format: Format,
    /// What parts them in a text: `1` CRLF, `2` LF, `3` CR, `4` tab, else these characters themselves, at most 16; `\r`, `\n` and
    /// `\t` may be written so. Default: CRLF.
    #[schema(value_type = String, required = false, example = "1")]
    lb: Separator,
    /// The region of the network entry; one that there is not counts as the default one.
    #[schema(value_type = String, required = false, example = "us")]
    ep: Option<EntryName>,
    /// Which product: whatever it says, endpoints are of type 9.
    #[schema(value_type = String, required = false, example = "9")]
    pt: (),
    /// Which protocol: whatever it says, endpoints speak HTTP and SOCKS5.
    #[schema(value_type = String, required = false, example = "http")]
    protocol: (),
}

/// How endpoints are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Json,
    Text,
}

impl Wish for Extract {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let [cc, state, city] = ["cc", "state", "city"].map(|name| fields.optional(name, fields::place));
        let num = fields.optional("num", number).unwrap_or(1);
        let life = fields.optional("life", life).unwrap_or(LIFE_MINUTES);
        let format = fields.optional("format", format).unwrap_or_default();
        let lb = fields.optional("lb", separator::read).unwrap_or_default();
        let ep = fields.optional("ep", entry).flatten();
        let [pt, protocol] = ["pt", "protocol"].map(|name| fields.optional(name, |_| Ok(())).unwrap_or_default());
        Some(Self { cc, state, city, num, life, format, lb, ep, pt, protocol })
    }
}

fn number(given: &Given) -> Result<u32, FieldError> {
    let out_of_range = FieldError::OutOfRange { lowest: 1, highest: LARGEST_BATCH.into() };
    let number = u32::try_from(fields::whole_number(given)?).map_err(|_| out_of_range)?;
    if (1..=LARGEST_BATCH).contains(&number) { Ok(number) } else { Err(out_of_range) }
}

fn life(given: &Given) -> Result<u32, FieldError> {
    let minutes = fields::whole_number(given)?.clamp(SHORTEST_LIFE_MINUTES.into(), LONGEST_LIFE_MINUTES.into());
    Ok(u32::try_from(minutes).unwrap_or(LONGEST_LIFE_MINUTES))
}

fn format(given: &Given) -> Result<Format, FieldError> {
    let text = match given {
        Given::Number(digits) => digits,
        given => fields::text(given)?,
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "json" | "2" => Ok(Format::Json),
        "txt" | "text" | "1" => Ok(Format::Text),
        _ => Err(FieldError::FormatUnknown),
    }
}

/// What names no entry is as good as nothing.
fn entry(given: &Given) -> Result<Option<EntryName>, FieldError> {
    match given {
        Given::Repeated => Err(FieldError::Repeated),
        given => Ok(fields::text(given).ok().and_then(|text| EntryName::parse(text.trim()).ok())),
    }
}

/// Endpoints, in the one list of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Endpoints {
    /// One list of endpoints, each `address:port`.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["192.0.2.1:20001", "192.0.2.1:20002"]]))]
    list: [Vec<String>; 1],
    #[serde(skip)]
    #[schema(ignore)]
    text: Option<String>,
}

/// Endpoints, in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlatEndpoints {
    /// The endpoints, each `address:port`.
    #[schema(example = json!(["192.0.2.1:20001", "192.0.2.1:20002"]))]
    list: Vec<String>,
    #[serde(skip)]
    #[schema(ignore)]
    text: Option<String>,
}

impl Told for Endpoints {
    fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl Told for FlatEndpoints {
    fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

pub(crate) async fn extract(caller: Caller, wish: Extract) -> Result<Endpoints, ApiError> {
    let (list, text) = extracted(caller, wish).await?;
    Ok(Endpoints { list: [list], text })
}

pub(crate) async fn extract_flat(caller: Caller, wish: Extract) -> Result<FlatEndpoints, ApiError> {
    let (list, text) = extracted(caller, wish).await?;
    Ok(FlatEndpoints { list, text })
}

/// The endpoints, and how a text tells them when one is wished for.
async fn extracted(caller: Caller, wish: Extract) -> Result<(Vec<String>, Option<String>), ApiError> {
    let Extract {
        cc: country,
        state,
        city,
        num: count,
        life: life_minutes,
        format,
        lb,
        ep: entry,
        pt: (),
        protocol: (),
    } = wish;
    let place = PlaceWish { country, state, city };
    let extraction = Extraction { source: caller.desk.client, place, count, life_minutes, entry };
    let endpoints = caller.service.extract(caller.customer, extraction).await?;
    let list: Vec<_> = endpoints.into_iter().map(|(address, port)| format!("{address}:{port}")).collect();
    let text = (format == Format::Text).then(|| list.join(lb.as_str()));
    Ok((list, text))
}
