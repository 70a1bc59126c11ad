//! What a person can do: one act per file, each one transaction.
//!
//! The API, the operator's commands, the gateways and the background jobs all call these acts; none of them has rules
//! of its own. An act writes its change, its row in the change feed and its audit row together, or nothing.

mod actor;
mod book_entry;
mod books;
mod coupon_guesses;
mod email;
mod error;
mod fulfil;
mod keys;
mod login_password;
mod once;
mod order_view;
mod places;
mod quota;
mod service;
mod session;
mod sheet;
mod shop;
mod shop_error;
mod source;
mod static_ip_rules;
mod static_ip_sheet;
mod vault;
mod wish;

// What customers do and see.
mod add_accounts;
mod allow_list;
mod authenticate;
mod auto_renewals;
mod change_account;
mod change_limit;
mod change_password;
mod change_remark;
mod change_static_ip;
mod check_order;
mod close_order;
mod create_order;
mod delete_accounts;
mod list_accounts;
mod list_orders;
mod list_packages;
mod list_static_ips;
mod log_in;
mod own_profile;
mod pay_order;
mod payment_methods;
mod read_meter;
mod set_accounts_enabled;
mod summarise_packages;
mod usage_by_day;

// What the operator does.
mod account_details;
mod add_customer;
mod adjust_balance;
mod after_restore;
mod app_key;
mod articles;
mod catalogue;
mod change_login_password;
mod check_keys;
mod confirm_payment;
mod coupons;
mod customer_details;
mod find_customer;
mod give_up_gateway;
mod grant_package;
mod import_static_ips;
mod invitations;
mod kick;
mod limit_customer;
mod list_customers;
mod node_credentials;
mod operator_tokens;
mod package_details;
mod read_audit;
mod read_ledger;
mod recharge_tiers;
mod refund_order;
mod resolve_event;
mod static_ip_inventory;
mod suspend_customer;
mod usage_by_account;
mod verify;
mod verify_customer;

// What gateways do, and are asked.
mod ask_gateways;
mod directory;
mod effective_everywhere;
mod exchange_leases;
mod settle_node;

// What orders do to static IPs.
mod allot_static_ips;
mod renew_static_ips;

// What happens by itself.
mod buy_again;
mod end_static_ips;
mod lapse_leases;
mod roll_up_usage;
mod start_packages;
mod trim_feed;

pub use actor::Actor;
pub use add_accounts::NewAccounts;
pub use add_customer::AddedCustomer;
pub use adjust_balance::{AdjustedBalance, Adjustment};
pub use allow_list::{AllowedSource, NewSources};
pub use articles::ArticleChange;
pub use authenticate::CustomerView;
pub use auto_renewals::AutoRenewalWish;
pub use change_account::{AccountChange, ChangedAccount};
pub use check_order::OrderQuote;
pub use confirm_payment::{EventOutcome, PaymentNotice};
pub use coupons::CouponChange;
pub use customer_details::{CustomerChange, LimitChange};
pub use effective_everywhere::Effective;
pub use email::{Email, EmailError};
pub use error::ServiceError;
pub use grant_package::Grant;
pub use keys::Keys;
pub use kick::Kick;
pub use list_accounts::AccountView;
pub use list_orders::OrderFilter;
pub use list_packages::{PackageFilter, PackageOrder, PackageView, Page};
pub use list_static_ips::{StaticIpView, StaticIpWish};
pub use log_in::LoggedIn;
pub use login_password::{LoginPassword, LoginPasswordError};
pub use node_credentials::NodeAccess;
pub use once::{KeptAnswer, Once, OnceTicket};
pub use operator_tokens::{AddedToken, TokenAccess, TokenWish};
pub use order_view::OrderView;
pub use own_profile::{OwnKey, Profile};
pub use pay_order::{PayOutcome, PaymentQuote};
pub use quota::{QuotaView, Quotas};
pub use read_meter::{Meter, MeteredAccount};
pub use refund_order::RefundView;
pub use resolve_event::Resolution;
pub use service::Service;
pub use session::SESSION_LIFE;
pub use sheet::{RowError, SheetError, sheet_cell};
pub use shop::{Method, MethodKind, ShopSettings};
pub use shop_error::ShopError;
pub use source::{Clock, Random, Source};
pub use static_ip_rules::StaticIpRules;
pub use static_ip_sheet::{StaticIpSheet, write_static_ip, write_static_ip_header};
pub use summarise_packages::PackageSummary;
pub use usage_by_account::AccountUsage;
pub use usage_by_day::UsageWindow;
pub use verify::Verification;
pub use wish::Wish;

pub use turnpike_store::account::details::{AccountDetails, AccountFilter};
pub use turnpike_store::article::Article;
pub use turnpike_store::audit::{AuditEntry, AuditFilter};
pub use turnpike_store::auto_renewal::log::Attempt;
pub use turnpike_store::auto_renewal::{AutoRenewal, Target};
pub use turnpike_store::credential::Credential;
pub use turnpike_store::customer_details::{CustomerDetails, CustomerFilter};
pub use turnpike_store::invitation::Invitation;
pub use turnpike_store::journal::{BookedEntry, EntryFilter};
pub use turnpike_store::node_state::NodeState;
pub use turnpike_store::operator_token::Token;
pub use turnpike_store::package_details::PackageDetails;
pub use turnpike_store::payment_event::{EventFilter, EventState, NewEvent, PaymentEvent};
pub use turnpike_store::static_ip::{Holder, StaticIpDetails, StaticIpFilter};
