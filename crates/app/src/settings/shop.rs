//! The `[shop]` section: money, orders, ways to pay, and static IPs.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use turnpike_domain::account::NamePrefix;
use turnpike_domain::coupon::Percent;
use turnpike_domain::ids::PaymentMethod;
use turnpike_domain::money::{Currency, Money};
use turnpike_domain::time::Span;
use turnpike_service::{Method, MethodKind, ShopSettings, StaticIpRules};

/// Ways to pay at most.
const MOST_METHODS: usize = 100;

/// The `[shop]` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ShopSection {
    /// What money is called: three capital letters. Laid down for good when the installation first starts. USD.
    pub(crate) currency: Currency,
    /// How long an order waits for payment, in seconds. 1800.
    pub(crate) order_expiry_s: u32,
    /// What whoever was invited pays less for one order, in percent with at most two decimals, such as `"10"`; `"0"` for
    /// nothing. 0.
    pub(crate) invitation_discount_percent: String,
    /// How orders can be paid, each in a table `[[shop.payment]]`. The balance as 1, and a bank transfer as 2.
    pub(crate) payment: Vec<PaymentSection>,
    /// How long an expired static IP is kept for its customer, who can renew it meanwhile, in seconds. 259200.
    pub(crate) static_ip_grace_s: u32,
    /// The gateway's port as customers of static IPs are told it; that of `gateway.listen` when not set.
    pub(crate) static_ip_port: Option<u16>,
    /// How long before its end something is bought again that is to be, in seconds. 86400.
    pub(crate) auto_renewal_lead_s: u32,
}

impl Default for ShopSection {
    fn default() -> Self {
        let shop = ShopSettings::default();
        Self {
            currency: shop.currency,
            order_expiry_s: 1800,
            invitation_discount_percent: "0".to_owned(),
            payment: shop.methods.iter().map(PaymentSection::from).collect(),
            static_ip_grace_s: 259_200,
            static_ip_port: None,
            auto_renewal_lead_s: 86_400,
        }
    }
}

/// A table `[[shop.payment]]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentSection {
    /// Its number, `pm_id` of the API: 1 or more, for good.
    id: i64,
    /// `balance` or `transfer`.
    kind: PaymentKind,
    /// What customers read.
    title: String,
    /// What it is listed under; the title when not given.
    #[serde(default)]
    group: String,
    /// Where its picture is; none when not given.
    #[serde(default)]
    logo: String,
    /// The least that is paid so, such as `"1.00"`. 0.
    #[serde(default)]
    min: String,
    /// The most that is paid so; without a limit when not given.
    #[serde(default)]
    max: String,
    /// What a customer is told to do.
    #[serde(default)]
    instructions: String,
    /// Shown, but not taken. false.
    #[serde(default)]
    disabled: bool,
}

/// How money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PaymentKind {
    Balance,
    Transfer,
}

impl From<&Method> for PaymentSection {
    fn from(method: &Method) -> Self {
        let kind = match method.kind {
            MethodKind::Balance => PaymentKind::Balance,
            MethodKind::Transfer => PaymentKind::Transfer,
        };
        Self {
            id: method.id.get(),
            kind,
            title: method.title.clone(),
            group: method.group.clone(),
            logo: method.logo.clone(),
            min: String::new(),
            max: String::new(),
            instructions: method.instructions.clone(),
            disabled: method.disabled,
        }
    }
}

impl PaymentSection {
    fn method(&self) -> Result<Method> {
        let amount = |key, text: &str, otherwise| match text {
            "" => Ok(otherwise),
            text => text.parse::<Money>().with_context(|| format!("shop.payment: {key} of {}", self.id)),
        };
        let (least, most) = (amount("min", &self.min, Money::ZERO)?, amount("max", &self.max, Money::MOST)?);
        ensure!(self.id >= 1, "shop.payment: ids begin at 1");
        ensure!(!self.title.trim().is_empty(), "shop.payment: {} has no title", self.id);
        ensure!(!least.is_negative() && least <= most, "shop.payment: min of {} is above its max", self.id);
        let group = if self.group.is_empty() { &self.title } else { &self.group };
        Ok(Method {
            id: PaymentMethod::new(self.id),
            kind: match self.kind {
                PaymentKind::Balance => MethodKind::Balance,
                PaymentKind::Transfer => MethodKind::Transfer,
            },
            title: self.title.clone(),
            group: group.clone(),
            logo: self.logo.clone(),
            least,
            most,
            instructions: self.instructions.clone(),
            disabled: self.disabled,
        })
    }
}

impl ShopSection {
    /// For the service.
    ///
    /// # Errors
    /// When values make no sense; the message begins with the key.
    pub(crate) fn settings(&self) -> Result<ShopSettings> {
        ensure!((60..=2_592_000).contains(&self.order_expiry_s), "shop.order_expiry_s: 60 to 2592000 (30 days)");
        ensure!(self.payment.len() <= MOST_METHODS, "shop.payment: at most {MOST_METHODS}");
        ensure!(self.static_ip_grace_s <= 31_536_000, "shop.static_ip_grace_s: at most 31536000 (a year)");
        ensure!(
            (60..=2_592_000).contains(&self.auto_renewal_lead_s),
            "shop.auto_renewal_lead_s: 60 to 2592000 (30 days)"
        );
        let methods = self.payment.iter().map(PaymentSection::method).collect::<Result<Vec<_>>>()?;
        let mut ids: Vec<_> = methods.iter().map(|method| method.id).collect();
        ids.sort_unstable();
        ensure!(ids.windows(2).all(|pair| pair[0] != pair[1]), "shop.payment: every id only once");
        Ok(ShopSettings {
            currency: self.currency.clone(),
            order_expiry: seconds(self.order_expiry_s),
            invitation_discount: self.discount()?,
            methods,
        })
    }

    fn discount(&self) -> Result<Option<Percent>> {
        // 0 is no percentage, but can be written in several ways.
        if self.invitation_discount_percent.parse::<Money>().is_ok_and(Money::is_zero) {
            return Ok(None);
        }
        self.invitation_discount_percent.parse().map(Some).context("shop.invitation_discount_percent")
    }

    /// For static IPs. `port` is the gateway's own, `names` what names of accounts begin with.
    pub(crate) fn static_ips(&self, port: u16, names: NamePrefix) -> StaticIpRules {
        StaticIpRules {
            grace: seconds(self.static_ip_grace_s),
            port: self.static_ip_port.unwrap_or(port),
            names,
            renew_before: seconds(self.auto_renewal_lead_s),
        }
    }
}

fn seconds(count: u32) -> Span {
    Span::from_secs(i64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ShopSettings> {
        toml::from_str::<ShopSection>(text)?.settings()
    }

    #[test]
    fn without_a_section_the_defaults_of_the_service_hold() {
        assert_eq!(read("").unwrap(), ShopSettings::default());
    }

    #[test]
    fn ways_to_pay_are_read() {
        let text = "\
            currency = 'EUR'\ninvitation_discount_percent = '12.5'\n\
            [[payment]]\nid = 7\nkind = 'transfer'\ntitle = 'SEPA'\nmin = '5'\nmax = '1000.50'";
        let shop = read(text).unwrap();
        assert_eq!(shop.invitation_discount.map(Percent::hundredths), Some(1250));
        let [method] = &shop.methods[..] else { panic!("one method") };
        assert_eq!((method.id.get(), method.group.as_str()), (7, "SEPA"));
        assert_eq!((method.least.to_string(), method.most.to_string()), ("5.00".to_owned(), "1000.50".to_owned()));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let payment = "[[payment]]\nkind = 'balance'\ntitle = 'Balance'\n";
        for (text, key) in [
            ("currency = 'dollar'", "currency"),
            ("order_expiry_s = 5", "shop.order_expiry_s"),
            ("invitation_discount_percent = '101'", "shop.invitation_discount_percent"),
            (&format!("{payment}id = 0"), "shop.payment"),
            (&format!("{payment}id = 1\nmin = '2'\nmax = '1'"), "shop.payment: min of 1"),
            (&format!("{payment}id = 1\nmin = '2,5'"), "shop.payment: min of 1"),
            (&format!("{payment}id = 1\n{payment}id = 1"), "shop.payment: every id"),
        ] {
            let told = format!("{:#}", read(text).unwrap_err());
            assert!(told.contains(key), "{text}: {told}");
        }
    }
}
