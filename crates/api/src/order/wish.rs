//! What `order/create` and `order/check` take: one list of parameters, read in one place.

use turnpike_domain::basket::Duration;
use turnpike_domain::country::CountryCode;
use turnpike_domain::coupon::CouponCode;
use turnpike_domain::ids::{PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_service::Wish as OrderWish;
use utoipa::ToSchema;

use crate::call::Wish;
use crate::fields::{self, Fields};

macro_rules! wishes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {
            /// The product.
            #[schema(value_type = i64, minimum = 1)]
            pid: ProductId,
            /// How it is to be paid: 0 not chosen yet. By balance it is paid at once.
            #[schema(value_type = i64, minimum = 0)]
            pm_id: PaymentMethod,
            /// How many units. Default: 1; for static IPs the sum of `region_list`, for renewals the number of `upids`.
            #[schema(value_type = u32, required = false, minimum = 1)]
            amount: Option<u32>,
            /// What to renew, as `ip/get-static-ip` numbers it, parted by commas; for a top-up the id of the order that
            /// was paid short.
            #[schema(value_type = String, required = false, example = "1,2,3")]
            upids: Vec<i64>,
            /// How many static IPs in which country.
            #[schema(value_type = String, required = false, example = "JP,2|US,1")]
            region_list: Vec<(CountryCode, u32)>,
            /// A coupon's code.
            #[schema(value_type = String, required = false)]
            coupon_sn: Option<CouponCode>,
            /// Whether to use the discount for having been invited.
            #[schema(value_type = bool, required = false)]
            use_invitation_registration_discount: bool,
            /// How long to renew: a number of months, or `em` to the end of the month. Default: 1.
            #[schema(value_type = String, required = false, example = "3")]
            renew_duration: Option<Duration>,
            /// A time plan's bandwidth.
            #[schema(value_type = i64, required = false, minimum = 1)]
            product_sku_bandwidth_id: Option<i64>,
            /// A time plan's concurrency.
            #[schema(value_type = i64, required = false, minimum = 1)]
            product_sku_concurrency_id: Option<i64>,
            /// How much to pay in, of a recharge.
            #[schema(value_type = f64, required = false, example = 100)]
            recharge_amount: Option<Money>,
        }

        impl Wish for $name {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                let pid = fields.required("pid", fields::number_of);
                let pm_id = fields.required("pm_id", fields::number_or_none);
                let amount = fields.optional("amount", fields::units_or_none);
                let upids = fields.optional("upids", fields::numbers);
                let region_list = fields.optional("region_list", fields::regions);
                let coupon_sn = fields.optional("coupon_sn", fields::coupon);
                let invited = fields.optional("use_invitation_registration_discount", fields::boolean);
                let renew_duration = fields.optional("renew_duration", fields::duration);
                let product_sku_bandwidth_id = fields.optional("product_sku_bandwidth_id", fields::number_of);
                let product_sku_concurrency_id = fields.optional("product_sku_concurrency_id", fields::number_of);
                let recharge_amount = fields.optional("recharge_amount", fields::money);
                Some(Self {
                    pid: ProductId::new(pid?),
                    pm_id: PaymentMethod::new(pm_id?),
                    amount,
                    upids: upids.unwrap_or_default(),
                    region_list: region_list.unwrap_or_default(),
                    coupon_sn,
                    use_invitation_registration_discount: invited.unwrap_or_default(),
                    renew_duration,
                    product_sku_bandwidth_id,
                    product_sku_concurrency_id,
                    recharge_amount,
                })
            }
        }

        impl From<$name> for OrderWish {
            fn from(wish: $name) -> Self {
                Self {
                    product: wish.pid,
                    method: wish.pm_id,
                    amount: wish.amount,
                    upids: wish.upids,
                    regions: wish.region_list,
                    coupon: wish.coupon_sn,
                    invitation: wish.use_invitation_registration_discount,
                    duration: wish.renew_duration,
                    bandwidth: wish.product_sku_bandwidth_id,
                    concurrency: wish.product_sku_concurrency_id,
                    recharge: wish.recharge_amount,
                }
            }
        }
    )*};
}

wishes! {
    /// Orders a product. Paid by balance, it is paid at once, or not made at all when the balance does not suffice.
    /// Otherwise it awaits payment for 30 minutes, unless configured otherwise.
    #[schema(title = "Create an order")]
    CreateOrder;
    /// Says what an order would cost. Nothing is made or held.
    #[schema(title = "Check an order")]
    CheckOrder;
}
