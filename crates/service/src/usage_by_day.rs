//! What a customer used, day by day (contract §2).

use std::collections::BTreeMap;

use turnpike_domain::account::Username;
use turnpike_domain::calendar::{Day, Zone};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::Tx;
use turnpike_store::usage::{self, DaySlice};

use crate::error::ServiceError;
use crate::service::{Service, require_customer, require_verified};

/// Which traffic.
#[derive(Clone, Debug)]
pub struct UsageWindow {
    /// From the second that begins here.
    pub from: Timestamp,
    /// To the second that begins here, which is included.
    pub to: Timestamp,
    /// Only of accounts that bear or bore exactly this name.
    pub username: Option<String>,
    /// Only of this type.
    pub product_type: Option<ProductType>,
}

impl Service {
    /// One row a calendar day that the window touches, ascending, with zero where there was nothing. Honoured to the
    /// second for the last hours, to the minute for the last month, to the hour and day before.
    ///
    /// # Errors
    /// [`ServiceError::Window`], [`ServiceError::Unverified`], or the store's.
    pub async fn usage_by_day(
        &self,
        customer: CustomerId,
        window: UsageWindow,
    ) -> Result<Vec<(Day, Bytes)>, ServiceError> {
        self.days(customer, &window, async |tx| require_verified(tx, customer).await.map(drop)).await
    }

    /// As [`Service::usage_by_day`], for the operator: also of customers that are not verified.
    ///
    /// # Errors
    /// [`ServiceError::Window`], [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn daily_usage(
        &self,
        customer: CustomerId,
        window: UsageWindow,
    ) -> Result<Vec<(Day, Bytes)>, ServiceError> {
        self.days(customer, &window, async |tx| require_customer(tx, customer).await.map(drop)).await
    }

    async fn days(
        &self,
        customer: CustomerId,
        window: &UsageWindow,
        admit: impl AsyncFnOnce(&mut Tx) -> Result<(), ServiceError>,
    ) -> Result<Vec<(Day, Bytes)>, ServiceError> {
        let slices = slices(&self.shared.zone, window)?;
        let look = async |tx: &mut Tx| {
            admit(tx).await?;
            per_day(tx, customer, &slices, window).await
        };
        self.store.read(look).await
    }
}

/// The window's part of each day.
fn slices(zone: &Zone, window: &UsageWindow) -> Result<Vec<DaySlice>, ServiceError> {
    let days = zone.days(window.from..=window.to)?;
    let slice = |day: Day| DaySlice {
        day,
        first: zone.day_start(day).max(window.from),
        last: zone.day_start(day.plus_days(1)).minus(Span::from_ms(1)).min(window.to),
    };
    Ok(days.into_iter().map(slice).collect())
}

async fn per_day(
    tx: &mut Tx,
    customer: CustomerId,
    slices: &[DaySlice],
    window: &UsageWindow,
) -> Result<Vec<(Day, Bytes)>, ServiceError> {
    let found = match window.username.as_deref().map(Username::parse) {
        None => usage::per_day(tx, customer, slices, window.product_type).await?,
        Some(Ok(name)) => usage::per_day_of_name(tx, customer, slices, window.product_type, &name).await?,
        // No account can ever have borne it.
        Some(Err(_)) => Vec::new(),
    };
    let amounts: BTreeMap<_, _> = found.into_iter().collect();
    let amount = |slice: &DaySlice| (slice.day, amounts.get(&slice.day).copied().unwrap_or_default());
    Ok(slices.iter().map(amount).collect())
}
