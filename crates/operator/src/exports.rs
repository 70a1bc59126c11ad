//! The shop's books as tables: orders, the ledger, payments, coupons and static IPs; and exits. Each takes the filters of its list.
//!
//! Texts that a spreadsheet would take for a formula get an apostrophe before them; amounts are numbers and get none.

use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::coupon::Coupon;
use turnpike_domain::ids::{CustomerId, OrderId, ProductId};
use turnpike_domain::ledger::Posting;
use turnpike_domain::time::Timestamp;
use turnpike_service::{
    BookedEntry, Exit, OrderView, PaymentEvent, StaticIpDetails, sheet_cell, write_exit, write_exit_header,
    write_static_ip, write_static_ip_header,
};

use crate::desk::Desk;
use crate::pricing::written_off;
use crate::problem::Problem;
use crate::read;
use crate::sheet::{Columns, Rows, Sheet, sheet};
use crate::{coupons, exits, ledger, orders, payments, static_ips};

fn safe(text: &str) -> String {
    sheet_cell(text).into_owned()
}

/// Empty for nothing.
fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn moment(at: Option<Timestamp>) -> String {
    at.map(format_rfc3339).unwrap_or_default()
}

pub(crate) async fn orders(desk: Desk, filter: orders::Filter) -> Result<Sheet, Problem> {
    let (customer, filter) = filter.into_filter();
    let head = |rows: &mut Rows| {
        rows.write_record([
            "trade_no",
            "customer",
            "product",
            "product_type",
            "product_name",
            "title",
            "amount",
            "status",
            "total_fee",
            "pay_fee",
            "received",
            "refunded",
            "method",
            "created_at",
            "paid_at",
            "ended_at",
        ])
    };
    let page = move |last: Option<OrderView>, most| {
        let (service, filter, before) = (desk.service.clone(), filter.clone(), last.map(|order| order.id));
        async move { service.page_orders(customer, &filter, before, most).await }
    };
    sheet(page, Columns { head, rows: order }).await
}

fn order(rows: &mut Rows, order: &OrderView) -> csv::Result<()> {
    let cells = [
        order.trade_no.to_string(),
        order.customer.to_string(),
        or_empty(order.product.map(ProductId::get)),
        order.product_type.number().to_string(),
        safe(&order.product_name),
        safe(&order.title),
        order.amount.to_string(),
        read::status_word(order.status).to_owned(),
        order.total_fee.to_string(),
        order.pay_fee.to_string(),
        order.received.to_string(),
        order.refunded.to_string(),
        order.method.to_string(),
        format_rfc3339(order.created_at),
        moment(order.paid_at),
        moment(order.ended_at),
    ];
    rows.write_record(&cells)
}

/// A row for each book that an entry moves something in.
pub(crate) async fn ledger(desk: Desk, filter: ledger::Filter) -> Result<Sheet, Problem> {
    let filter = filter.into_filter();
    let head =
        |rows: &mut Rows| rows.write_record(["entry", "at", "cause", "order", "detail", "book", "customer", "amount"]);
    let page = move |last: Option<BookedEntry>, most| {
        let (service, filter, before) = (desk.service.clone(), filter.clone(), last.map(|entry| entry.id));
        async move { service.page_entries(&filter, before, most).await }
    };
    sheet(page, Columns { head, rows: entry }).await
}

fn entry(rows: &mut Rows, entry: &BookedEntry) -> csv::Result<()> {
    entry.postings.iter().try_for_each(|Posting { book, amount }| {
        let cells = [
            entry.id.to_string(),
            format_rfc3339(entry.at),
            safe(&entry.cause),
            or_empty(entry.order.map(OrderId::get)),
            safe(&entry.detail),
            book.word().to_owned(),
            or_empty(book.customer().map(CustomerId::get)),
            amount.to_string(),
        ];
        rows.write_record(&cells)
    })
}

pub(crate) async fn payments(desk: Desk, filter: payments::Filter) -> Result<Sheet, Problem> {
    let filter = filter.into_filter();
    let head = |rows: &mut Rows| {
        rows.write_record(["payment", "at", "provider", "reference", "trade_no", "amount", "currency", "state", "why"])
    };
    let page = move |last: Option<PaymentEvent>, most| {
        let (service, filter, before) = (desk.service.clone(), filter.clone(), last.map(|event| event.id));
        async move { service.page_events(&filter, before, most).await }
    };
    sheet(page, Columns { head, rows: payment }).await
}

fn payment(rows: &mut Rows, event: &PaymentEvent) -> csv::Result<()> {
    let cells = [
        event.id.to_string(),
        format_rfc3339(event.at),
        safe(&event.told.provider),
        safe(&event.told.event),
        safe(&event.told.trade_no),
        event.told.amount.to_string(),
        safe(&event.told.currency),
        event.state.word().to_owned(),
        safe(&event.why),
    ];
    rows.write_record(&cells)
}

pub(crate) async fn coupons(desk: Desk, filter: coupons::Filter) -> Result<Sheet, Problem> {
    let head = |rows: &mut Rows| {
        rows.write_record([
            "coupon",
            "code",
            "name",
            "off",
            "products",
            "types",
            "starts_at",
            "expires_at",
            "most_uses",
            "most_uses_each",
            "customer",
            "listed",
            "enabled",
            "uses",
        ])
    };
    let code = filter.into_code();
    let page = move |last: Option<Coupon>, most| {
        let (service, code, after) = (desk.service.clone(), code.clone(), last.map(|coupon| coupon.id));
        async move { service.page_coupons(code.as_ref(), after, most).await }
    };
    sheet(page, Columns { head, rows: coupon }).await
}

fn coupon(rows: &mut Rows, coupon: &Coupon) -> csv::Result<()> {
    let terms = &coupon.terms;
    let types: Vec<_> = terms.scope.types.iter().map(|product_type| product_type.number().to_string()).collect();
    let cells = [
        coupon.id.to_string(),
        safe(&terms.code.to_string()),
        safe(&terms.name),
        written_off(terms.reduction),
        safe(&terms.scope.products.join(" ")),
        types.join(" "),
        format_rfc3339(terms.starts_at),
        format_rfc3339(terms.expires_at),
        or_empty(terms.most_uses),
        or_empty(terms.most_uses_each),
        or_empty(terms.customer),
        terms.listed.to_string(),
        coupon.enabled.to_string(),
        coupon.uses.to_string(),
    ];
    rows.write_record(&cells)
}

/// As `POST /static-ips` reads it.
pub(crate) async fn static_ips(desk: Desk, filter: static_ips::Filter) -> Result<Sheet, Problem> {
    let filter = filter.into_filter();
    let page = move |last: Option<StaticIpDetails>, most| {
        let (service, filter, after) = (desk.service.clone(), filter.clone(), last.map(|one| one.id));
        async move { service.page_static_ips(&filter, after, most).await }
    };
    sheet(page, Columns { head: write_static_ip_header, rows: write_static_ip }).await
}

/// As `PUT /exits` reads it. Passwords are left out.
pub(crate) async fn exits(desk: Desk, filter: exits::Filter) -> Result<Sheet, Problem> {
    let filter = filter.into_filter();
    let page = move |last: Option<Exit>, most| {
        let (service, filter, after) = (desk.service.clone(), filter.clone(), last.map(|one| one.id));
        async move { service.page_exits(&filter, after, most).await }
    };
    sheet(page, Columns { head: write_exit_header, rows: write_exit }).await
}
