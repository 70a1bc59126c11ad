//! A customer's packages, page by page (contract §3).

use turnpike_domain::ids::{CustomerId, PackageId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::Tx;
use turnpike_store::package::{self, Package, Stretch};

use crate::error::ServiceError;
use crate::service::{Service, require_verified};

/// Which packages, and which page of them.
#[derive(Clone, Debug)]
pub struct PackageFilter {
    /// Only from the order with exactly this number; a text that is no number finds nothing.
    pub trade_no: Option<String>,
    /// Only of this type.
    pub product_type: Option<ProductType>,
    /// From 1; 0 counts as 1.
    pub page: u32,
    /// How many a page holds; 0 counts as 1.
    pub size: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it; nothing when the page is past the end.
    pub items: Vec<T>,
    /// Which page, from 1.
    pub page: u32,
    /// How many a page holds.
    pub size: u32,
    /// How many the whole list holds.
    pub total: u64,
}

/// A package and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageView {
    /// Which package.
    pub id: PackageId,
    /// When its validity begins.
    pub starts_at: Timestamp,
    /// When its validity ends.
    pub expires_at: Timestamp,
    /// What it is for.
    pub product_type: ProductType,
    /// The number of its order.
    pub trade_no: TradeNo,
    /// Its order.
    pub order: PackageOrder,
}

/// A package's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageOrder {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// What people read.
    pub title: String,
}

impl From<Package> for PackageView {
    fn from(package: Package) -> Self {
        Self {
            id: package.id,
            starts_at: package.starts_at,
            expires_at: package.expires_at,
            product_type: package.product_type,
            trade_no: package.trade_no,
            order: PackageOrder { created_at: package.ordered_at, paid_at: package.paid_at, title: package.title },
        }
    }
}

impl Service {
    /// A page of the customer's packages, newest first.
    ///
    /// # Errors
    /// [`ServiceError::Unverified`], or the store's.
    pub async fn list_packages(
        &self,
        customer: CustomerId,
        filter: PackageFilter,
    ) -> Result<Page<PackageView>, ServiceError> {
        self.store.snapshot(async |tx| list(tx, customer, &filter).await).await
    }
}

async fn list(tx: &mut Tx, customer: CustomerId, filter: &PackageFilter) -> Result<Page<PackageView>, ServiceError> {
    require_verified(tx, customer).await?;
    let (page, size) = (filter.page.max(1), filter.size.max(1));
    let none = Page { items: Vec::new(), page, size, total: 0 };
    let trade_no = match filter.trade_no.as_deref().map(TradeNo::parse) {
        Some(None) => return Ok(none),
        other => other.flatten(),
    };
    let wanted = package::PackageFilter { trade_no, product_type: filter.product_type };
    let stretch = Stretch { skip: u64::from(page - 1) * u64::from(size), most: size };
    let total = package::count(tx, customer, &wanted).await?;
    let items = package::list(tx, customer, &wanted, stretch).await?.into_iter().map(PackageView::from).collect();
    Ok(Page { items, total, ..none })
}
