//! Writes a catalogue out: every product with all that can be said of it, so that nothing rests on a default.

use std::fmt::{Display, Write};

use toml::Value;
use turnpike_domain::catalogue::{Product, Sku};
use turnpike_domain::recharge::Tier;

use super::amounts;

/// What stands above everything.
const HEAD: &str =
    "# Turnpike's catalogue. Products are told by their codes; those that are not in here go off sale.\n";

/// The file's text.
pub(crate) fn written(products: &[Product], tiers: &[Tier]) -> String {
    let mut file = Text(HEAD.to_owned());
    if products.is_empty() {
        file.line("product", "[]");
    }
    if tiers.is_empty() {
        file.line("tier", "[]");
    }
    for product in products {
        file.product(product);
    }
    for tier in tiers {
        file.0.push_str("\n[[tier]]\n");
        file.line("amount", quoted(&tier.amount));
        file.line("ratio", quoted(&tier.ratio));
    }
    file.0
}

struct Text(String);

impl Text {
    fn line(&mut self, key: &str, value: impl Display) {
        // Writing to memory does not fail.
        writeln!(self.0, "{key} = {value}").ok();
    }

    fn product(&mut self, product: &Product) {
        self.0.push_str("\n[[product]]\n");
        self.line("id", product.id);
        self.line("code", quoted(&product.code));
        self.line("type", product.product_type.number());
        self.line("name", quoted(&product.name));
        self.line("title", quoted(&product.title));
        self.line("description", quoted(&product.description));
        self.line("on_sale", product.on_sale);
        self.line("rank", product.rank);
        self.line("price", quoted(&product.price));
        if let Some(size) = product.size {
            self.line("size", quoted(&amounts::size(size)));
        }
        self.line("validity", quoted(&amounts::validity(product.validity)));
        if let Some(ip_type) = product.ip_type {
            self.line("ip_type", ip_type.number());
        }
        self.line("least", product.least);
        self.line("most", product.most);
        match product.stock {
            Some(stock) => self.line("stock", stock),
            None if product.counts_stock() => self.line("stock", "\"unlimited\""),
            None => {}
        }
        self.terms(product);
    }

    fn terms(&mut self, product: &Product) {
        let terms = &product.terms;
        if !terms.steps.is_empty() {
            let step = terms.steps.iter().map(|step| format!("{{ from = {}, price = \"{}\" }}", step.from, step.price));
            self.line("steps", list(step));
        }
        if !terms.countries.is_empty() {
            let prices: Vec<_> = terms.countries.iter().map(|(code, price)| format!("{code} = \"{price}\"")).collect();
            self.line("countries", format!("{{ {} }}", prices.join(", ")));
        }
        if terms.only_countries {
            self.line("only_countries", true);
        }
        for (key, parts) in [("bandwidth", &terms.bandwidth), ("concurrency", &terms.concurrency)] {
            if !parts.is_empty() {
                self.line(key, list(parts.iter().map(part)));
            }
        }
    }
}

fn part(sku: &Sku) -> String {
    let Sku { id, title, value, price } = sku;
    format!("{{ id = {id}, title = {}, value = {value}, price = \"{price}\" }}", quoted(title))
}

/// One item a line.
fn list(items: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = items.map(|item| format!("    {item},\n")).collect();
    format!("[\n{}]", lines.concat())
}

/// A text in quotation marks, with what must be escaped escaped.
fn quoted(text: &impl ToString) -> Value {
    Value::String(text.to_string())
}
