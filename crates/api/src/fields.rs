//! Typed reading of parameters, with everything that is wrong collected (contract 0.5).
//!
//! Each reader takes one given value. Numbers may be JSON numbers or texts; what is empty or null is not given.

mod number;
mod order;

use std::net::IpAddr;

use turnpike_domain::account::{AccountPassword, NamePrefix, Username};
use turnpike_domain::accounts;
use turnpike_domain::allow_list::{self, Admitted};
use turnpike_domain::calendar::Zone;
use turnpike_domain::place::PlaceName;
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::LimitGb;

use crate::field_error::{FieldError, FieldErrors};
use crate::parameters::{Given, Parameters};

pub(crate) use number::whole_number;
pub(crate) use order::{
    country, coupon, duration, money, number_of, number_or_none, numbers, regions, static_ip_type, units, units_or_none,
};

/// The parameters of one call while they are being read.
pub(crate) struct Fields<'a> {
    parameters: &'a Parameters,
    zone: &'a Zone,
    now: Timestamp,
    sources: Admitted,
    names: NamePrefix,
    errors: FieldErrors,
    /// Which parameters were asked for: the document must name the same.
    #[cfg(test)]
    pub(crate) asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// `zone` is the one that times are meant in.
    pub(crate) fn new(parameters: &'a Parameters, zone: &'a Zone, now: Timestamp) -> Self {
        Self {
            parameters,
            zone,
            now,
            sources: Admitted::default(),
            names: NamePrefix::default(),
            errors: FieldErrors::default(),
            #[cfg(test)]
            asked: Vec::new(),
        }
    }

    /// Which addresses may stand on an allow list.
    pub(crate) fn admitting(self, sources: Admitted) -> Self {
        Self { sources, ..self }
    }

    /// What the names of accounts begin with.
    pub(crate) fn naming(self, names: NamePrefix) -> Self {
        Self { names, ..self }
    }

    /// A parameter that must be there. `None` when it is not or is refused, which is noted.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Given) -> Result<T, FieldError>,
    ) -> Option<T> {
        let given = self.given(name).filter(|given| !given.is_empty_text());
        self.noting(name, given.map_or(Err(FieldError::Required), read))
    }

    /// A parameter that may be left out. `None` when it is, or is refused, which is noted.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Given) -> Result<T, FieldError>,
    ) -> Option<T> {
        let given = self.given(name).filter(|given| !given.is_empty_text())?;
        self.noting(name, read(given))
    }

    /// A parameter that must be there, but may be an empty text.
    pub(crate) fn required_or_empty<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Given) -> Result<T, FieldError>,
    ) -> Option<T> {
        let given = self.given(name);
        self.noting(name, given.map_or(Err(FieldError::Required), read))
    }

    /// A parameter that must be there, of which several things can be wrong.
    pub(crate) fn required_each<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Given) -> Result<T, Vec<FieldError>>,
    ) -> Option<T> {
        let given = self.given(name).filter(|given| !given.is_empty_text());
        match given.map_or_else(|| Err(vec![FieldError::Required]), read) {
            Ok(value) => Some(value),
            Err(errors) => {
                for error in errors {
                    self.errors.add(name, error);
                }
                None
            }
        }
    }

    /// A parameter that may be left out, and may be an empty text.
    pub(crate) fn optional_or_empty<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Given) -> Result<T, FieldError>,
    ) -> Option<T> {
        let given = self.given(name)?;
        self.noting(name, read(given))
    }

    /// Which addresses may stand on an allow list.
    pub(crate) fn sources(&self) -> Admitted {
        self.sources
    }

    /// What the names of accounts begin with.
    pub(crate) fn names(&self) -> NamePrefix {
        self.names
    }

    /// The zone that times are meant in.
    pub(crate) fn zone(&self) -> &'a Zone {
        self.zone
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Notes that parameters do not go together.
    pub(crate) fn refuse(&mut self, name: &'static str, error: FieldError) {
        self.errors.add(name, error);
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// All that was wrong.
    pub(crate) fn into_errors(self) -> FieldErrors {
        self.errors
    }

    fn given(&mut self, name: &'static str) -> Option<&'a Given> {
        #[cfg(test)]
        self.asked.push(name);
        self.parameters.get(name).filter(|given| **given != Given::Null)
    }

    fn noting<T>(&mut self, name: &'static str, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|error| self.errors.add(name, error)).ok()
    }
}

/// A text.
pub(crate) fn text(given: &Given) -> Result<&str, FieldError> {
    match given {
        Given::Text(text) => Ok(text),
        Given::Repeated => Err(FieldError::Repeated),
        Given::Number(_) | Given::Boolean(_) | Given::Null | Given::Unusable => Err(FieldError::NotText),
    }
}

/// A place's name, in whatever spelling.
pub(crate) fn place(given: &Given) -> Result<PlaceName, FieldError> {
    PlaceName::parse(text(given)?).map_err(|_| FieldError::PlaceForm)
}

/// An account's name, with or without the prefix.
pub(crate) fn username(given: &Given, names: NamePrefix) -> Result<Username, FieldError> {
    Ok(names.complete(Username::parse(text(given)?)?)?)
}

/// An account's password.
pub(crate) fn password(given: &Given) -> Result<AccountPassword, FieldError> {
    Ok(AccountPassword::parse(text(given)?)?)
}

/// The shortest and longest new password of `proxy-account/change`.
const NEW_PASSWORD: std::ops::RangeInclusive<usize> = 6..=16;

/// An account's new password, where its length is bounded more closely.
pub(crate) fn new_password(given: &Given) -> Result<AccountPassword, FieldError> {
    let password = password(given)?;
    let fits = NEW_PASSWORD.contains(&password.reveal().len());
    if fits { Ok(password) } else { Err(FieldError::PasswordLength) }
}

/// True or false, as JSON, as text, or as 1 and 0.
pub(crate) fn boolean(given: &Given) -> Result<bool, FieldError> {
    match given {
        Given::Boolean(value) => Ok(*value),
        Given::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Given::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Given::Repeated => Err(FieldError::Repeated),
        given => match whole_number(given) {
            Ok(1) => Ok(true),
            Ok(0) => Ok(false),
            _ => Err(FieldError::NotBoolean),
        },
    }
}

/// Addresses for an allow list.
pub(crate) fn sources(given: &Given, admitted: Admitted) -> Result<Vec<IpAddr>, Vec<FieldError>> {
    let text = text(given).map_err(|error| vec![error])?;
    allow_list::parse(text, admitted).map_err(|errors| errors.into_iter().map(FieldError::from).collect())
}

/// Addresses that may stand on an allow list, whatever may be added to one now.
pub(crate) fn any_sources(given: &Given) -> Result<Vec<IpAddr>, Vec<FieldError>> {
    sources(given, Admitted::Special)
}

/// A batch of names: `user01,user02`.
pub(crate) fn usernames(given: &Given, names: NamePrefix) -> Result<Vec<Username>, FieldError> {
    Ok(accounts::complete(accounts::parse_names(text(given)?)?, names)?)
}

/// A batch of names and passwords: `user01:pass,user02:pass`.
pub(crate) fn credentials(given: &Given, names: NamePrefix) -> Result<Vec<(Username, AccountPassword)>, FieldError> {
    let (given, passwords): (Vec<_>, Vec<_>) = accounts::parse_pairs(text(given)?)?.into_iter().unzip();
    Ok(accounts::complete(given, names)?.into_iter().zip(passwords).collect())
}

/// A remark, which may be empty.
pub(crate) fn remark(given: &Given) -> Result<Remark, FieldError> {
    Ok(Remark::parse(text(given)?)?)
}

/// A traffic limit in GB.
pub(crate) fn limit(given: &Given) -> Result<LimitGb, FieldError> {
    let out_of_range = FieldError::OutOfRange { lowest: 0, highest: i64::from(LimitGb::HIGHEST_GB) };
    let gigabytes = u32::try_from(whole_number(given)?).map_err(|_| out_of_range)?;
    LimitGb::new(gigabytes).ok_or(out_of_range)
}

/// A time from which on something counts, in the zone; a bare date is its first second.
pub(crate) fn first_moment(given: &Given, zone: &Zone) -> Result<Timestamp, FieldError> {
    Ok(zone.parse(text(given)?)?)
}

/// A time until which something counts; a bare date takes the whole day in, to its last second.
pub(crate) fn last_moment(given: &Given, zone: &Zone) -> Result<Timestamp, FieldError> {
    let text = text(given)?;
    let moment = zone.parse(text)?;
    if text.contains(' ') {
        return Ok(moment);
    }
    Ok(zone.day_start(zone.day_of(moment).plus_days(1)).minus(Span::from_secs(1)))
}

/// Any product type.
pub(crate) fn product_type(given: &Given) -> Result<ProductType, FieldError> {
    ProductType::from_number(whole_number(given)?).ok_or(FieldError::ProductTypeUnknown)
}

/// A product type that proxy accounts can have.
pub(crate) fn account_type(given: &Given) -> Result<ProductType, FieldError> {
    match product_type(given) {
        Ok(product_type) if product_type.takes_accounts() => Ok(product_type),
        Ok(_) | Err(FieldError::ProductTypeUnknown) => Err(FieldError::ProductTypeWithoutAccounts),
        Err(error) => Err(error),
    }
}

/// A whole number from `lowest` on; what is above `highest` is cut to it.
pub(crate) fn count(given: &Given, lowest: u32, highest: u32) -> Result<u32, FieldError> {
    let number = whole_number(given)?;
    let out_of_range = FieldError::OutOfRange { lowest: lowest.into(), highest: highest.into() };
    if number < i64::from(lowest) {
        Err(out_of_range)
    } else {
        Ok(u32::try_from(number).unwrap_or(highest).min(highest))
    }
}
