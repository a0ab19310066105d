//! The texts that codes stand for, shared by all columns that hold them. Code 0 is missing everywhere.

use std::sync::{Arc, LazyLock};

use super::names::{CITIES, GENDERS};
use super::orders::STATUSES;
use super::planted::{CAMPAIGN, CATEGORIES, CHANNELS, COUPONS, PRODUCTS};

pub type Texts = Arc<[String]>;

pub struct Tables {
    pub statuses: Texts,
    pub product_ids: Texts,
    pub product_names: Texts,
    pub categories: Texts,
    pub channels: Texts,
    pub coupons: Texts,
    pub genders: Texts,
    pub cities: Texts,
    categories_of_products: Vec<u16>,
}

fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Texts {
    std::iter::once("").chain(values).map(str::to_owned).collect()
}

pub fn tables() -> &'static Tables {
    static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
        statuses: texts(STATUSES.into_iter().skip(1)),
        product_ids: texts(PRODUCTS.iter().map(|p| p.0)),
        product_names: texts(PRODUCTS.iter().map(|p| p.1)),
        categories: texts(CATEGORIES),
        channels: texts(CHANNELS),
        coupons: texts(COUPONS.into_iter().chain([CAMPAIGN.to_uppercase().as_str()])),
        genders: texts(GENDERS),
        cities: texts(CITIES),
        categories_of_products: PRODUCTS
            .iter()
            .map(|p| CATEGORIES.iter().position(|c| *c == p.2).map_or(0, |i| i as u16 + 1))
            .collect(),
    });
    &TABLES
}

/// Code of the category of a product.
pub fn category_of(product: usize) -> u16 {
    tables().categories_of_products[product]
}
