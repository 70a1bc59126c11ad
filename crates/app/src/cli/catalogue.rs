//! What can be typed about what is sold and who pays less: the catalogue, coupons, articles, invitations.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use turnpike_domain::coupon::Percent;
use turnpike_domain::money::Money;

use super::Validity;

/// How a change is carried out.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// Only show what it would do.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
}

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueCommand {
    /// Put a catalogue in force: products are added, changed, or go off sale when the file does not have them.
    Load {
        /// The catalogue file (TOML).
        file: PathBuf,
        #[command(flatten)]
        manner: Manner,
    },
    /// Write the catalogue in force into a file.
    Export {
        /// The file; `-` for standard output.
        file: PathBuf,
    },
}

/// What to do with coupons.
#[derive(Debug, Subcommand)]
pub(crate) enum CouponCommand {
    /// Make a coupon.
    Add {
        #[command(flatten)]
        terms: CouponTerms,
        #[command(flatten)]
        manner: Manner,
    },
    /// List coupons.
    List,
    /// Let a coupon be used again.
    Enable {
        /// Its code.
        code: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Let a coupon be used no more. Orders that took it keep what it took off.
    Disable {
        /// Its code.
        code: String,
        #[command(flatten)]
        manner: Manner,
    },
}

/// What a new coupon is.
#[derive(Debug, Args)]
pub(crate) struct CouponTerms {
    /// What customers write: 4 to 32 letters, digits and hyphens.
    pub(crate) code: String,
    /// What it takes off, in percent, with at most two decimals.
    #[arg(long, value_name = "P", required_unless_present = "amount", conflicts_with = "amount")]
    pub(crate) percent: Option<Percent>,
    /// What it takes off, as an amount of money.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) amount: Option<Money>,
    /// What it is called; its code when not given.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only for the product with this code; repeatable.
    #[arg(long = "product", value_name = "CODE")]
    pub(crate) products: Vec<String>,
    /// Only for products of the type with this number; repeatable.
    #[arg(long = "type", value_name = "N")]
    pub(crate) types: Vec<i64>,
    #[command(flatten)]
    pub(crate) validity: Validity,
    /// How often it can be used by all together; as often as they like when not given.
    #[arg(long, value_name = "N")]
    pub(crate) most_uses: Option<u32>,
    /// How often each customer can use it; as often as it likes when not given.
    #[arg(long, value_name = "N")]
    pub(crate) most_uses_each: Option<u32>,
    /// Only for this customer: e-mail address or id.
    #[arg(long)]
    pub(crate) customer: Option<String>,
    /// Do not show it in customers' lists: they must know the code.
    #[arg(long)]
    pub(crate) unlisted: bool,
}

/// What to do with articles.
#[derive(Debug, Subcommand)]
pub(crate) enum ArticleCommand {
    /// Publish an article.
    Add {
        /// What it is called.
        title: String,
        /// The file with what it says; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        manner: Manner,
    },
    /// List articles, withdrawn ones included.
    List,
    /// Let customers see an article no more.
    Withdraw {
        /// Its number.
        article: i64,
        #[command(flatten)]
        manner: Manner,
    },
    /// Let customers see a withdrawn article again.
    Publish {
        /// Its number.
        article: i64,
        #[command(flatten)]
        manner: Manner,
    },
}

/// What to do with invitations.
#[derive(Debug, Subcommand)]
pub(crate) enum InvitationCommand {
    /// Print the code that a customer invites others with; it is drawn the first time.
    Code {
        /// E-mail address or id.
        customer: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Note that a customer was invited, which gives it a discount on one order.
    Note {
        /// E-mail address or id.
        customer: String,
        /// Another customer's code.
        code: String,
        #[command(flatten)]
        manner: Manner,
    },
}
