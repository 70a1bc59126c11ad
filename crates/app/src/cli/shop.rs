//! What can be typed about the shop's orders and its ledger.

use clap::{Args, Subcommand};
use turnpike_domain::money::Money;

use super::Manner;

/// What to do with orders.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// List orders, newest first.
    List {
        /// Only of this customer: e-mail address or id.
        #[arg(long)]
        customer: Option<String>,
        /// Only those that stand there: 0 awaiting payment, 1 paid, 2 closed, 3 refunded.
        #[arg(long, value_name = "N")]
        status: Option<i64>,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 100)]
        most: u32,
    },
    /// Show an order.
    Show {
        /// Its number, of 28 digits.
        trade_no: String,
    },
    /// Close an order that awaits payment.
    Close {
        /// Its number, of 28 digits.
        trade_no: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Say that a transfer for an order has come in. What fits no order that awaits it is parked.
    Confirm {
        /// The order's number, as the transfer names it.
        trade_no: String,
        /// How much came in.
        amount: Money,
        /// What the transfer is called, such as its line on the statement: said twice, it counts once. Drawn when not given.
        #[arg(long, value_name = "NAME")]
        event: Option<String>,
        #[command(flatten)]
        manner: Manner,
    },
    /// List what came in, newest first.
    Payments {
        /// Only what waits for a decision.
        #[arg(long)]
        parked: bool,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 100)]
        most: u32,
    },
    /// Decide on a payment that is parked.
    Resolve(ResolveArgs),
    /// Take a paid order back: what is unused is taken away, and its share of the price paid back.
    Refund(RefundArgs),
}

/// What becomes of a parked payment.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The payment's number, as `turnpike order payments` shows it.
    pub(crate) payment: i64,
    /// It is this customer's to spend: e-mail address or id.
    #[arg(long, value_name = "CUSTOMER", group = "decision")]
    pub(crate) credit: Option<String>,
    /// It is for the order of this number.
    #[arg(long, value_name = "TRADE_NO", group = "decision")]
    pub(crate) apply: Option<String>,
    /// It is for the order it named, which can take it now.
    #[arg(long, group = "decision")]
    pub(crate) again: bool,
    /// The money was sent back.
    #[arg(long, group = "decision")]
    pub(crate) sent_back: bool,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// Flags of `turnpike order refund`.
#[derive(Debug, Args)]
pub(crate) struct RefundArgs {
    /// The order's number, of 28 digits.
    pub(crate) trade_no: String,
    /// What is paid back instead of the unused share of the price.
    #[arg(long)]
    pub(crate) amount: Option<Money>,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Give a customer money, or take it.
    Adjust(AdjustArgs),
    /// Show what a customer has to spend.
    Balance {
        /// E-mail address or id.
        customer: String,
    },
    /// Show the journal, newest first.
    Entries {
        /// Only what touches this customer's wallet: e-mail address or id.
        #[arg(long)]
        customer: Option<String>,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 100)]
        most: u32,
    },
    /// Show what each book comes to.
    Totals,
}

/// Flags of `turnpike ledger adjust`.
#[derive(Debug, Args)]
pub(crate) struct AdjustArgs {
    /// E-mail address or id.
    pub(crate) customer: String,
    /// What is given, such as 12.50; taken when it is below nothing.
    #[arg(allow_negative_numbers = true)]
    pub(crate) amount: Money,
    /// Why, for the journal and the audit.
    #[arg(long)]
    pub(crate) reason: String,
    /// What the adjustment is called: made twice under one name, it is refused. Drawn when not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) key: Option<String>,
    /// Only show what would be.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
