//! Shapes that several calls share: enumerations for the document, and paging A (contract 0.5, 0.6).

use serde::Serialize;
use turnpike_domain::product::ProductType;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! product_type_shapes {
    ($($(#[$doc:meta])* $name:ident, $description:literal, $belongs:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let numbers = ProductType::ALL.iter().filter(|product_type| $belongs(product_type));
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .description(Some($description))
                    .enum_values(Some(numbers.map(|product_type| product_type.number())))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

product_type_shapes! {
    /// Any product type.
    AnyProductType, "Package type.", |_: &&ProductType| true;
    /// The product types of proxy accounts.
    AccountProductType,
        "Package type: 9 dynamic residential traffic, 11 dynamic residential IP, 14 static datacenter IP, \
         25 static residential IP.",
        |product_type: &&ProductType| product_type.takes_accounts();
    /// The product types of the summary.
    SummaryProductType,
        "Package type: 9 dynamic residential traffic, 12 long-acting IDC traffic.",
        |product_type: &&ProductType| crate::user_product::SUMMARISED.contains(product_type);
}

/// `data` of a call that lists page by page.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageOf<T> {
    /// This page, newest first.
    #[schema(inline)]
    pub(crate) list: Vec<T>,
    /// Which page, from 1.
    pub(crate) page: u32,
    /// How many a page holds.
    pub(crate) page_size: u32,
    /// How many there are in all.
    pub(crate) total_count: u64,
    /// How many pages there are in all.
    pub(crate) total_page: u64,
}

impl<T> PageOf<T> {
    pub(crate) fn new(list: Vec<T>, page: u32, page_size: u32, total_count: u64) -> Self {
        Self { list, page, page_size, total_count, total_page: total_count.div_ceil(u64::from(page_size.max(1))) }
    }
}
