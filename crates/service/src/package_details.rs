//! The operator sees packages with what they hold, have given and have lent, and grants one and sees it.

use turnpike_domain::ids::{CustomerId, PackageId};
use turnpike_domain::product::ProductType;
use turnpike_store::Tx;
use turnpike_store::package_details::{self, PackageDetails};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::grant_package::{self, Grant, Granting};
use crate::service::{Service, require_customer};

impl Service {
    /// One package, whoever's it is.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchPackage`], or the store's.
    pub async fn package_details(&self, package: PackageId) -> Result<PackageDetails, ServiceError> {
        self.store.read(async |tx: &mut Tx| details(tx, package).await).await
    }

    /// At most so many of a customer's packages after that one, by number.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn page_packages(
        &self,
        customer: CustomerId,
        product_type: Option<ProductType>,
        after: Option<PackageId>,
        most: u32,
    ) -> Result<Vec<PackageDetails>, ServiceError> {
        let look = async |tx: &mut Tx| {
            require_customer(tx, customer).await?;
            Ok(package_details::page(tx, customer, product_type, after.map_or(0, PackageId::get), most).await?)
        };
        self.store.read(look).await
    }

    /// Grants a package as [`Service::grant_package`] does, and shows it.
    ///
    /// # Errors
    /// As [`Service::grant_package`].
    pub async fn issue_package(&self, actor: &Actor, grant: Grant) -> Result<PackageDetails, ServiceError> {
        let granting = self.granting(actor, grant)?;
        self.store.write(granting, |granting, tx| Box::pin(issue(granting, tx))).await
    }
}

async fn details(tx: &mut Tx, package: PackageId) -> Result<PackageDetails, ServiceError> {
    package_details::by_id(tx, package).await?.ok_or(ServiceError::NoSuchPackage)
}

async fn issue(granting: &Granting, tx: &mut Tx) -> Result<PackageDetails, ServiceError> {
    let (package, _) = grant_package::write(granting, tx).await?;
    details(tx, package).await
}
