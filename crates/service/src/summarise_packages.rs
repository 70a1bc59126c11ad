//! What a customer's packages come to (contract §3).

use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::package::{self, PackageAmounts};

use crate::error::ServiceError;
use crate::service::Service;

/// How near the end of its validity makes a package `temporary`.
const EXPIRES_SOON: Span = Span::from_days(7);

/// Sums over packages, all of them whole kilobytes. Used amounts are rounded down and the rest follows by subtraction,
/// so that `effective = effective_total − effective_used` and `used = total − effective − expired` hold exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackageSummary {
    /// Of all packages, what was bought.
    pub total: Bytes,
    /// How many packages there are.
    pub total_count: u64,
    /// What is left in packages that have not expired.
    pub effective: Bytes,
    /// How many of those have something left.
    pub effective_count: u64,
    /// What was bought in those.
    pub effective_total: Bytes,
    /// What was used of those.
    pub effective_used: Bytes,
    /// The part of `effective` that expires within 7 days.
    pub temporary: Bytes,
    /// How many packages that is.
    pub temporary_count: u64,
    /// What was left unused in packages that have expired.
    pub expired: Bytes,
    /// How many packages that is.
    pub expired_count: u64,
    /// What was used of all packages.
    pub used: Bytes,
}

impl Service {
    /// Sums up the customer's packages of these types.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn summarise_packages(
        &self,
        customer: CustomerId,
        product_types: &[ProductType],
    ) -> Result<PackageSummary, ServiceError> {
        let amounts = self.store.read(async |tx| package::amounts(tx, customer, product_types).await).await?;
        Ok(summarise(&amounts, self.now()))
    }
}

/// Packages of one kind, added up.
#[derive(Default)]
struct Sum {
    count: u64,
    size: Bytes,
    used: Bytes,
}

impl Sum {
    fn of<'a>(packages: impl Iterator<Item = &'a PackageAmounts>) -> Self {
        packages.fold(Self::default(), |sum, package| Self {
            count: sum.count + 1,
            size: sum.size.plus(package.size),
            used: sum.used.plus(package.used),
        })
    }

    fn total(&self) -> Bytes {
        whole_kilobytes(self.size)
    }

    fn used(&self) -> Bytes {
        whole_kilobytes(self.used)
    }

    fn left(&self) -> Bytes {
        self.total().minus(self.used())
    }
}

fn whole_kilobytes(bytes: Bytes) -> Bytes {
    Bytes::from_kilobytes(bytes.kilobytes()).unwrap_or(bytes)
}

fn summarise(packages: &[PackageAmounts], now: Timestamp) -> PackageSummary {
    let soon = now.plus(EXPIRES_SOON);
    // A package that is used up is neither: S's own example counts more packages than effective and expired ones.
    let left = || packages.iter().filter(|package| package.used < package.size);
    let all = Sum::of(packages.iter());
    let effective = Sum::of(left().filter(|package| package.expires_at > now));
    let temporary = Sum::of(left().filter(|package| package.expires_at > now && package.expires_at <= soon));
    let expired = Sum::of(left().filter(|package| package.expires_at <= now));
    PackageSummary {
        total: all.total(),
        total_count: all.count,
        effective: effective.left(),
        effective_count: effective.count,
        effective_total: effective.total(),
        effective_used: effective.used(),
        temporary: temporary.left(),
        temporary_count: temporary.count,
        expired: expired.left(),
        expired_count: expired.count,
        used: all.total().minus(effective.left()).minus(expired.left()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000_000);

    fn package(size_kb: u64, used: u64, days_left: i64) -> PackageAmounts {
        let size = Bytes::from_kilobytes(size_kb).unwrap();
        PackageAmounts { size, used: Bytes::new(used), expires_at: NOW.plus(Span::from_days(days_left)) }
    }

    #[test]
    fn the_published_example_comes_out() {
        let packages = [
            package(262_144, 100_000 * 1024, 30),
            package(362_144, 2_400 * 1024, 30),
            package(262_144 - 100_000 + 144, 59_888 * 1024, 3),
            package(200_000, 148_800 * 1024, -1),
            package(62_144, 62_144 * 1024, -1),
        ];
        let summary = summarise(&packages, NOW);
        assert_eq!((summary.total_count, summary.effective_count), (5, 3));
        assert_eq!((summary.temporary_count, summary.expired_count), (1, 1));
        assert_eq!(summary.temporary.kilobytes(), 102_400);
        assert_eq!(summary.expired.kilobytes(), 51_200);
        assert_eq!(summary.effective_used.kilobytes(), 162_288);
    }

    #[test]
    fn a_used_up_package_counts_only_in_the_total() {
        let summary = summarise(&[package(64, 64 * 1024, 30)], NOW);
        assert_eq!((summary.total_count, summary.effective_count, summary.expired_count), (1, 0, 0));
        assert_eq!((summary.effective, summary.used.kilobytes()), (Bytes::ZERO, 64));
    }

    #[test]
    fn a_package_expires_on_the_moment() {
        assert_eq!(summarise(&[package(64, 0, 0)], NOW).expired.kilobytes(), 64);
    }

    proptest! {
        #[test]
        fn both_equations_hold_to_the_kilobyte(
            drawn in prop::collection::vec((1_u64..1 << 20, 0_u64..=100, 0_u64..1024, -20_i64..20), 0..20)
        ) {
            let packages: Vec<_> = drawn
                .iter()
                .map(|(kb, percent, odd, days)| package(*kb, (kb * 1024 * percent / 100 + odd).min(kb * 1024), *days))
                .collect();
            let sum = summarise(&packages, NOW);
            let kb = |bytes: Bytes| i128::from(bytes.get()) / 1024;
            prop_assert_eq!(kb(sum.effective), kb(sum.effective_total) - kb(sum.effective_used));
            prop_assert_eq!(kb(sum.used), kb(sum.total) - kb(sum.effective) - kb(sum.expired));
            prop_assert!(sum.temporary <= sum.effective);
            let true_used: u64 = packages.iter().map(|package| package.used.get()).sum();
            prop_assert!(sum.used.get() <= true_used && true_used - sum.used.get() < 2 * 1024);
        }
    }
}
