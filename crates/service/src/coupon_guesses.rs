//! Codes of coupons cannot be guessed: whoever names too many that do not exist must wait.

use parking_lot::Mutex;
use turnpike_domain::coupon::CouponRefusal;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::throttle::{Pace, Throttle};
use turnpike_domain::time::Span;

use crate::error::ServiceError;
use crate::service::Service;
use crate::shop_error::ShopError;

/// Unknown codes of a customer: 20 at once, then one every 30 seconds.
const OF_A_CUSTOMER: Pace = Pace { burst: 20, interval: Span::from_secs(30) };
/// So many customers are remembered.
const MOST_REMEMBERED: usize = 100_000;

/// Who has named how many codes that do not exist.
#[derive(Debug)]
pub(crate) struct CouponGuesses(Mutex<Throttle<CustomerId>>);

impl Default for CouponGuesses {
    fn default() -> Self {
        Self(Mutex::new(Throttle::new(OF_A_CUSTOMER, MOST_REMEMBERED)))
    }
}

impl Service {
    /// Runs an act that may name a coupon, unless the customer has guessed too often; and counts a code that does not
    /// exist. Codes that do exist are never counted, however often they are used.
    ///
    /// # Errors
    /// [`ShopError::CouponTooOften`], or the act's.
    pub(crate) async fn guarding_coupons<T>(
        &self,
        customer: CustomerId,
        names_coupon: bool,
        act: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<T, ServiceError> {
        if !names_coupon {
            return act.await;
        }
        let guesses = &self.shared.coupon_guesses.0;
        let looked = guesses.lock().look(&customer, self.now());
        looked.map_err(|wait| ShopError::CouponTooOften { wait })?;
        let done = act.await;
        if matches!(done, Err(ServiceError::Shop(ShopError::Coupon(CouponRefusal::Unknown)))) {
            // One that is too many by now, beside others of the same customer, was answered all the same.
            guesses.lock().admit(customer, self.now()).ok();
        }
        done
    }
}
