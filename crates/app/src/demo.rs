//! `turnpike demo`: API and gateway on the embedded store, with everything needed to try them.

mod addresses;
mod exits;
mod kept;
mod page;
mod shelves;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::destination::PortSet;
use turnpike_domain::product::ProductType;
use turnpike_domain::scope::{Scope, Scopes};
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_service::{Actor, Grant, NewAccounts, Service, TokenWish};

use crate::cli::DemoArgs;
use crate::entropy;
use crate::logging::LogSettings;
use crate::process::{Process, Seat};
use crate::reload::Reloader;
use crate::settings::Settings;
use crate::wiring::{self, Parts};
use kept::Kept;
use page::Page;

/// How long the demo package lasts.
const PACKAGE_DAYS: i64 = 365;
/// Where the API listens unless told otherwise.
const API: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8600);
/// Where the gateway listens unless told otherwise.
const GATEWAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2600);

/// Where the operator API listens unless told otherwise.
const OPERATOR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8601);
/// How long the demo's token for it lasts.
const TOKEN_DAYS: u16 = 3650;

/// The settings that the demo's flags and its kept file come to.
///
/// # Errors
/// When the kept file cannot be read.
pub(crate) fn settings(args: &DemoArgs) -> Result<Settings> {
    let kept = Kept::load(&args.data)?;
    let mut settings = Settings { data: args.data.clone(), ..Settings::default() };
    settings.log = LogSettings::quiet();
    settings.watch.listen = None;
    // So that invitations can be tried, too.
    "10".clone_into(&mut settings.shop.invitation_discount_percent);
    settings.api.listen = args.api.or(kept.as_ref().and_then(Kept::api_address)).unwrap_or(API);
    let operator = args.operator.or(kept.as_ref().and_then(Kept::operator_address));
    settings.operator.listen = Some(operator.unwrap_or_else(usual_or_free));
    settings.gateway.listen = args.gateway.or(kept.map(|kept| kept.gateway)).unwrap_or(GATEWAY);
    // Who tries it does so from this machine.
    settings.api.answers.allow_special_sources = true;
    settings.destinations.allow_cidrs.extend(&args.allow_cidrs);
    let ports = settings.destinations.allow_ports.iter().chain(args.allow_ports.iter().copied());
    settings.destinations.allow_ports = PortSet::new(ports).context("--allow-port")?;
    Ok(settings)
}

/// The usual place of the operator API, or any free port when another demo has that: nobody who asks for none should
/// be kept from a second one.
fn usual_or_free() -> SocketAddr {
    let is_free = std::net::TcpListener::bind(OPERATOR).is_ok();
    if is_free { OPERATOR } else { SocketAddr::new(OPERATOR.ip(), 0) }
}

/// Runs the demo until a signal.
///
/// # Errors
/// When something cannot be opened, bound or written.
pub(crate) async fn run(args: &DemoArgs, reloader: Reloader) -> Result<()> {
    let seat = Seat::take(reloader.settings(), false)?;
    let backend = wiring::open(reloader.settings()).await?;
    shelves::fill(&backend.service).await?;
    addresses::fill(&backend.service).await?;
    exits::declare(&backend.service, args.place.as_deref()).await?;
    let place = exits::place(&backend.service).await?;
    let identity = match Kept::load(&args.data)? {
        Some(kept) => kept,
        None => prepare(&backend.service, args.package_gb).await?,
    };
    let operator_token = match identity.operator_token.as_str() {
        "" => token(&backend.service).await?,
        kept => kept.to_owned(),
    };
    let process = Process::start(reloader, Parts::everything(backend), seat).await?;
    let (api, gateway) = (process.address("api").context("no API")?, process.gateway().context("no gateway")?);
    let operator = process.address("operator").context("no operator API")?;
    let operator = format!("http://{operator}{}", turnpike_operator::PREFIX);
    let kept = Kept { api: format!("http://{api}"), gateway, operator, operator_token, place, ..identity };
    kept.store(&args.data)?;
    print(&kept, args)?;
    process.until_end().await
}

/// Makes the demo's customer, package and account.
async fn prepare(service: &Service, package_gb: u32) -> Result<Kept> {
    let operator = Actor::Operator("demo".to_owned());
    // Another address each time, so that what an interrupted first start left behind is in nobody's way.
    let customer_email = format!("demo-{}@turnpike.example", entropy::text(6));
    let customer_password = entropy::text(16);
    let made = service.add_customer(&operator, &customer_email, &customer_password).await?;
    service.verify_customer(&operator, made.id).await?;
    if package_gb > 0 {
        let now = entropy::now();
        let grant = Grant {
            customer: made.id,
            product_type: ProductType::DynamicTraffic,
            size: LimitGb::new(package_gb).and_then(LimitGb::bytes).unwrap_or(Bytes::ZERO),
            starts_at: now,
            expires_at: now.plus(Span::from_days(PACKAGE_DAYS)),
            title: format!("Demo, {package_gb} GB"),
        };
        service.grant_package(&operator, grant).await?;
    }
    let (username, password) = (format!("demo{}", entropy::text(4)), entropy::text(16));
    let pair = (Username::parse(&username)?, AccountPassword::parse(&password)?);
    service.add_accounts(made.id, NewAccounts::of(vec![pair], ProductType::DynamicTraffic)).await?;
    Ok(Kept {
        api: String::new(),
        gateway: GATEWAY,
        app_key: made.app_key,
        username,
        password,
        customer_email,
        customer_password,
        operator: String::new(),
        operator_token: String::new(),
        place: None,
    })
}

/// A token that may do everything. Under another name each time, as the one of an interrupted start may be there.
async fn token(service: &Service) -> Result<String> {
    let scopes = Scopes::new(Scope::ALL).context("there are scopes")?;
    let wish = TokenWish { name: format!("demo-{}", entropy::text(6)), scopes, days: TOKEN_DAYS };
    Ok(service.add_token(&Actor::Operator("demo".to_owned()), wish).await?.secret)
}

fn print(kept: &Kept, args: &DemoArgs) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(kept)?)?;
    } else {
        let program = std::env::args().next().unwrap_or_else(|| "turnpike".to_owned());
        write!(out, "{}", Page { kept, folder: Path::new(&args.data), program: &program })?;
    }
    out.flush()?;
    Ok(())
}
