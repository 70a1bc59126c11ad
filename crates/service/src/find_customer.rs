//! The operator looks a customer up.

use turnpike_domain::ids::CustomerId;
use turnpike_store::customer;

use crate::authenticate::CustomerView;
use crate::email::Email;
use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// The customer that a text names: by address, or by number.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn find_customer(&self, text: &str) -> Result<CustomerView, ServiceError> {
        let found = if let Ok(number) = text.parse() {
            self.store.read(async |tx| customer::by_id(tx, CustomerId::new(number)).await).await?
        } else {
            let email = Email::parse(text)?;
            self.store.read(async |tx| customer::by_email(tx, email.as_str()).await).await?
        };
        found.map(CustomerView::from).ok_or(ServiceError::NoSuchCustomer)
    }
}
