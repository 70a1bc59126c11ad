//! The shop as simply as it can be said: no store, no journal, only what must come out.

use super::Kind;

/// Minutes an order awaits payment, in milliseconds.
const EXPIRY_MS: i64 = 30 * 60 * 1000;
/// How long what is bought is valid.
const VALIDITY_MS: i64 = 30 * 24 * 3600 * 1000;

/// Where an order stands: the numbers of the contract.
pub(super) const AWAITING: i64 = 0;
pub(super) const PAID: i64 = 1;
pub(super) const CLOSED: i64 = 2;
pub(super) const REFUNDED: i64 = 3;

/// An order of the model.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    pub(super) customer: usize,
    /// What was bought; `None` for a top-up.
    pub(super) kind: Option<Kind>,
    pub(super) units: i64,
    pub(super) pay: i64,
    pub(super) status: i64,
    pub(super) received: i64,
    pub(super) refunded: i64,
    expires_at: i64,
    paid_at: i64,
    coupon: bool,
    /// The order it tops up.
    tops_up: Option<usize>,
    /// What the wallet got more than was paid.
    bonus: i64,
}

impl Ordered {
    pub(super) fn missing(&self) -> i64 {
        (self.pay - self.received).max(0)
    }
}

/// Everything there is in a run.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) balances: [i64; 2],
    pub(super) orders: Vec<Ordered>,
    pub(super) scarce: i64,
    pub(super) addresses: i64,
    pub(super) coupons: i64,
}

/// Half up.
fn share(amount: i64, part: i64, of: i64) -> i64 {
    let (amount, part, of) = (i128::from(amount), i128::from(part), i128::from(of));
    i64::try_from((2 * amount * part + of) / (2 * of)).unwrap()
}

impl Model {
    /// Whether the order is made; it is the last one then.
    pub(super) fn create(&mut self, customer: usize, (kind, units): (Kind, i64), method: i64, coupon: bool) -> bool {
        let unit = match kind {
            Kind::Recharge => 100,
            Kind::Traffic | Kind::Scarce => 500,
            Kind::Address => 200,
        };
        let units = if kind == Kind::Recharge { units * 40 } else { units };
        let total = unit * units;
        let pay = if coupon { total - share(total, 1, 2) } else { total };
        let possible = match kind {
            Kind::Recharge => !coupon && method != 1,
            _ => self.in_stock(kind) >= units,
        };
        if !possible || (coupon && self.coupons == 0) || (method == 1 && self.balances[customer] < pay) {
            return false;
        }
        self.coupons -= i64::from(coupon);
        self.push(customer, Some(kind), (units, pay), coupon);
        if method == 1 {
            self.settle(self.orders.len() - 1);
        }
        true
    }

    fn push(&mut self, customer: usize, kind: Option<Kind>, (units, pay): (i64, i64), coupon: bool) {
        let (expires_at, paid_at) = (self.now + EXPIRY_MS, 0);
        let (status, received, refunded, tops_up, bonus) = (AWAITING, 0, 0, None, 0);
        self.orders.push(Ordered {
            customer,
            kind,
            units,
            pay,
            status,
            received,
            refunded,
            expires_at,
            paid_at,
            coupon,
            tops_up,
            bonus,
        });
    }

    fn in_stock(&self, kind: Kind) -> i64 {
        match kind {
            Kind::Scarce => self.scarce,
            Kind::Address => self.addresses,
            Kind::Recharge | Kind::Traffic => i64::MAX,
        }
    }

    /// Whether a top-up of that order is made.
    pub(super) fn top_up(&mut self, order: usize, method: i64) -> bool {
        let short = self.orders[order].clone();
        let by_itself = short.kind.is_some_and(|kind| kind != Kind::Recharge);
        let awaits = short.status == AWAITING && short.expires_at > self.now;
        if !by_itself || !awaits || short.received == 0 || short.missing() == 0 {
            return false;
        }
        let pays = method == 1;
        if pays && (self.balances[short.customer] < short.missing() || !self.can_give(order)) {
            return false;
        }
        self.push(short.customer, None, (1, short.missing()), false);
        let (last, expires_at) = (self.orders.len() - 1, self.now + EXPIRY_MS);
        self.orders[last].tops_up = Some(order);
        self.orders[order].expires_at = short.expires_at.max(expires_at);
        if pays {
            self.settle(last);
        }
        true
    }

    fn can_give(&self, order: usize) -> bool {
        let Ordered { kind, units, .. } = self.orders[order];
        kind.is_none_or(|kind| self.in_stock(kind) >= units)
    }

    /// Whether what the order is for can be given.
    fn is_deliverable(&self, order: usize) -> bool {
        match self.orders[order].tops_up {
            Some(short) => {
                let topped = &self.orders[short];
                topped.status == AWAITING && topped.missing() == self.orders[order].pay && self.can_give(short)
            }
            None => self.can_give(order),
        }
    }

    /// Whether the customer's payment succeeds.
    pub(super) fn pay(&mut self, order: usize, method: i64) -> bool {
        let Ordered { customer, kind, status, expires_at, .. } = self.orders[order];
        let missing = self.orders[order].missing();
        if status != AWAITING || expires_at <= self.now || (kind == Some(Kind::Recharge) && method == 1) {
            return false;
        }
        if method != 1 {
            return true;
        }
        if self.balances[customer] < missing || !self.is_deliverable(order) {
            return false;
        }
        self.settle(order);
        true
    }

    /// The order is paid and gives what it is for; what came in too much, or is missing, is the wallet's.
    fn settle(&mut self, order: usize) {
        let Ordered { customer, kind, units, pay, received, tops_up, .. } = self.orders[order];
        self.balances[customer] += received - pay;
        self.orders[order].status = PAID;
        self.orders[order].paid_at = self.now;
        if let Some(short) = tops_up {
            self.orders[short].status = PAID;
            self.orders[short].paid_at = self.now;
        }
        let (kind, units) = match tops_up {
            Some(short) => (self.orders[short].kind, self.orders[short].units),
            None => (kind, units),
        };
        match kind {
            Some(Kind::Scarce) => self.scarce -= units,
            Some(Kind::Address) => self.addresses -= units,
            Some(Kind::Recharge) => {
                let ratio = [(10_000, 12), (5_000, 11)].into_iter().find(|(from, _)| pay >= *from);
                let credited = ratio.map_or(pay, |(_, tenths)| share(pay, tenths, 10));
                self.balances[customer] += credited;
                self.orders[order].bonus = credited - pay;
            }
            Some(Kind::Traffic) | None => {}
        }
    }

    /// Whether the customer can close the order.
    pub(super) fn close(&mut self, order: usize) -> bool {
        let Ordered { customer, status, received, coupon, .. } = self.orders[order];
        if status != AWAITING {
            return false;
        }
        self.orders[order].status = CLOSED;
        self.balances[customer] += received;
        self.coupons += i64::from(coupon);
        true
    }

    /// All orders whose time is over are closed.
    pub(super) fn expire(&mut self) {
        for order in 0..self.orders.len() {
            if self.orders[order].status == AWAITING && self.orders[order].expires_at <= self.now {
                self.close(order);
            }
        }
    }

    /// Whether money that came in for the order is applied rather than parked.
    pub(super) fn confirm(&mut self, order: usize, minor: i64) -> bool {
        if self.orders[order].status != AWAITING {
            return false;
        }
        if self.orders[order].missing() <= minor {
            // The rest of another order is looked at as that then stands.
            if !self.is_deliverable(order) {
                return false;
            }
            self.orders[order].received += minor;
            self.settle(order);
        } else {
            self.orders[order].received += minor;
        }
        let kept = self.now + EXPIRY_MS;
        self.orders[order].expires_at = self.orders[order].expires_at.max(kept);
        true
    }

    /// Whether the order is taken back.
    pub(super) fn refund(&mut self, order: usize) -> bool {
        let Ordered { customer, kind, pay, status, paid_at, bonus, .. } = self.orders[order];
        let (Some(kind), PAID) = (kind, status) else { return false };
        let left = (paid_at + VALIDITY_MS - self.now).max(0);
        let refunded = match kind {
            Kind::Recharge => {
                let unspent = self.balances[customer].min(pay + bonus);
                self.balances[customer] -= unspent;
                share(pay, unspent, pay + bonus)
            }
            Kind::Address => {
                self.addresses += self.orders[order].units;
                share(pay, left, VALIDITY_MS)
            }
            Kind::Traffic | Kind::Scarce if left == 0 => 0,
            Kind::Traffic | Kind::Scarce => pay,
        };
        if kind != Kind::Recharge {
            self.balances[customer] += refunded;
        }
        self.orders[order].status = REFUNDED;
        self.orders[order].refunded = refunded;
        // What topped it up goes back with it.
        for other in &mut self.orders {
            if other.tops_up == Some(order) && other.status == PAID {
                other.status = REFUNDED;
            }
        }
        true
    }

    /// Whether the balance is changed by hand.
    pub(super) fn adjust(&mut self, customer: usize, minor: i64) -> bool {
        let after = self.balances[customer] + minor;
        if minor == 0 || after < 0 {
            return false;
        }
        self.balances[customer] = after;
        true
    }
}
