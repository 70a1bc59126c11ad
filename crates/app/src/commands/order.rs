//! `turnpike order …`: orders, the money that came in for them, and what is taken back.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use turnpike_domain::ids::EventId;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::trade_no::TradeNo;
use turnpike_service::{
    EventFilter, EventOutcome, EventState, OrderFilter, OrderView, PaymentNotice, Resolution, Service,
};

use super::{acting, because, conclude, find, on_store};
use crate::cli::{Manner, OrderCommand, RefundArgs, ResolveArgs};
use crate::entropy;
use crate::settings::Settings;

/// Under what name the operator's own word is taken down.
const BY_HAND: &str = "transfer";
/// Letters of a name that is drawn for an event.
const DRAWN_NAME: usize = 20;

/// Runs one of the commands about orders.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn order(settings: &Settings, command: OrderCommand) -> Result<()> {
    on_store(settings, false, async |backend| run(settings, &backend.service, command).await).await
}

async fn run(settings: &Settings, service: &Service, command: OrderCommand) -> Result<()> {
    match command {
        OrderCommand::List { customer, status, most } => list(settings, service, (customer, status, most)).await,
        OrderCommand::Show { trade_no } => show(settings, &service.find_order(&number(&trade_no)?).await?),
        OrderCommand::Close { trade_no, manner } => close(settings, service, &trade_no, manner).await,
        OrderCommand::Confirm { trade_no, amount, event, manner } => {
            let event = event.unwrap_or_else(|| entropy::text(DRAWN_NAME));
            let (provider, currency) = (BY_HAND.to_owned(), service.shop().currency.clone());
            let notice = PaymentNotice { provider, event, trade_no, amount, currency };
            confirm(settings, service, notice, manner).await
        }
        OrderCommand::Payments { parked, most } => payments(settings, service, parked, most).await,
        OrderCommand::Resolve(args) => resolve(settings, service, args).await,
        OrderCommand::Refund(args) => refund(service, args).await,
    }
}

fn number(text: &str) -> Result<TradeNo> {
    TradeNo::parse(text).with_context(|| format!("`{text}`: an order's number has 28 digits"))
}

async fn list(
    settings: &Settings,
    service: &Service,
    (customer, status, most): (Option<String>, Option<i64>, u32),
) -> Result<()> {
    let customer = match customer {
        Some(who) => Some(find(service, &who).await?.id),
        None => None,
    };
    let status = match status {
        Some(number) => Some(OrderStatus::from_number(number).context("--status: 0, 1, 2 or 3")?),
        None => None,
    };
    let filter = OrderFilter { status, ..OrderFilter::default() };
    let orders = service.page_orders(customer, &filter, None, most).await?;
    let zone = settings.zone()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<28}  {:<19}  {:>8}  {:>12}  {:<16}  title", "trade_no", "made", "customer", "price", "status")?;
    for order in orders {
        let (made, price, status) = (zone.format(order.created_at), order.pay_fee.to_string(), order.status);
        let (trade_no, customer, title) = (order.trade_no, order.customer, order.title);
        writeln!(out, "{trade_no}  {made}  {customer:>8}  {price:>12}  {:<16}  {title}", status.word())?;
    }
    Ok(())
}

async fn close(settings: &Settings, service: &Service, trade_no: &str, manner: Manner) -> Result<()> {
    let (order, acting) = (service.find_order(&number(trade_no)?).await?, acting(service, &manner));
    let actor = because(manner.reason.clone());
    show(settings, &acting.close_order(&actor, order.customer, order.trade_no).await?)?;
    conclude(&manner)
}

async fn confirm(settings: &Settings, service: &Service, notice: PaymentNotice, manner: Manner) -> Result<()> {
    let actor = because(manner.reason.clone());
    tell(settings, &acting(service, &manner).confirm_payment(&actor, notice).await?)?;
    conclude(&manner)
}

fn show(settings: &Settings, order: &OrderView) -> Result<()> {
    let zone = settings.zone()?;
    let at = |time: Option<_>| time.map_or_else(|| "-".to_owned(), |time| zone.format(time));
    let listed = |items: Vec<String>| if items.is_empty() { "-".to_owned() } else { items.join(", ") };
    writeln!(
        std::io::stdout().lock(),
        "trade_no  {}\ncustomer  {}\ntitle     {}\nregions   {}\nupids     {}\ncoupon    {}\nstatus    {}\n\
        price     {} (before discounts {})\nreceived  {}\nrefunded  {}\nmade      {}\npaid      {}\nended     {}",
        order.trade_no,
        order.customer,
        order.title,
        listed(order.regions.iter().map(|(country, count)| format!("{country} {count}")).collect()),
        listed(order.upids.iter().map(ToString::to_string).collect()),
        order.coupon.map_or_else(|| "-".to_owned(), |coupon| coupon.to_string()),
        order.status,
        order.pay_fee,
        order.total_fee,
        order.received,
        order.refunded,
        at(Some(order.created_at)),
        at(order.paid_at),
        at(order.ended_at),
    )?;
    Ok(())
}

fn tell(settings: &Settings, outcome: &EventOutcome) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let again = if outcome.repeated { ", told before" } else { "" };
    writeln!(out, "payment   {} ({}{again})", outcome.event, outcome.state.word())?;
    if !outcome.why.is_empty() {
        writeln!(out, "          {}", outcome.why)?;
    }
    drop(out);
    outcome.order.as_ref().map_or(Ok(()), |order| show(settings, order))
}

async fn payments(settings: &Settings, service: &Service, parked: bool, most: u32) -> Result<()> {
    let filter = EventFilter { state: parked.then_some(EventState::Parked), trade_no: None };
    let zone = settings.zone()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:>8}  {:<19}  {:>16}  {:<8}  {:<28}  why", "payment", "told", "amount", "state", "order")?;
    for event in service.page_events(&filter, None, most).await? {
        let (told, amount) = (zone.format(event.at), format!("{} {}", event.told.amount, event.told.currency));
        let (id, state, order) = (event.id, event.state.word(), event.told.trade_no);
        writeln!(out, "{id:>8}  {told}  {amount:>16}  {state:<8}  {order:<28}  {}", event.why)?;
    }
    Ok(())
}

async fn resolve(settings: &Settings, service: &Service, args: ResolveArgs) -> Result<()> {
    let resolution = match (args.credit, args.apply) {
        (Some(who), _) => Resolution::Credit(find(service, &who).await?.id),
        (None, Some(trade_no)) => Resolution::Apply(Some(number(&trade_no)?)),
        (None, None) if args.again => Resolution::Apply(None),
        (None, None) => {
            ensure!(args.sent_back, "say what becomes of it: --credit, --apply, --again or --sent-back");
            Resolution::SentBack
        }
    };
    let (manner, actor) = (&args.manner, because(args.manner.reason.clone()));
    let payment = EventId::new(args.payment);
    tell(settings, &acting(service, manner).resolve_event(&actor, payment, resolution).await?)?;
    conclude(manner)
}

async fn refund(service: &Service, args: RefundArgs) -> Result<()> {
    let (manner, acting) = (&args.manner, acting(service, &args.manner));
    let actor = because(manner.reason.clone());
    let refund = acting.refund_order(&actor, number(&args.trade_no)?, args.amount).await?;
    let share = refund.unused.ten_thousandths();
    let shown = if manner.dry_run { " (nothing was done)" } else { "" };
    writeln!(
        std::io::stdout().lock(),
        "unused    {}.{:02}%\nrefund    {}{shown}\nbonus     {} taken back",
        share / 100,
        share % 100,
        refund.amount,
        refund.bonus,
    )?;
    Ok(())
}
