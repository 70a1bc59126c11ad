//! The batch grammar of the account calls: `user01:pass,user02:pass` and `user01,user02` (contract §1).
//!
//! Blanks are trimmed, empty items ignored; one bad item refuses the whole batch.

use std::collections::HashSet;

use crate::account::{AccountPassword, NameError, NamePrefix, Username};

/// The most accounts one call may name.
pub const LARGEST_BATCH: usize = 500;

/// Reads `name:password` items, parted by commas.
///
/// # Errors
/// [`BatchError`] says which item breaks which rule. It never holds what stood where a password belongs.
pub fn parse_pairs(text: &str) -> Result<Vec<(Username, AccountPassword)>, BatchError> {
    let mut batch = Batch::default();
    let mut pairs = Vec::new();
    for item in items(text) {
        let place = batch.next_place()?;
        let (name, password) = item.split_once(':').ok_or(BatchError::NoPassword { place })?;
        let name = Username::parse(name.trim()).map_err(|fault| BatchError::Name { place, fault })?;
        let password =
            AccountPassword::parse(password.trim()).map_err(|fault| BatchError::Password { place, fault })?;
        batch.admit(name)?;
        pairs.push((name, password));
    }
    batch.finish()?;
    Ok(pairs)
}

/// Reads names, parted by commas.
///
/// # Errors
/// [`BatchError`] says which item breaks which rule.
pub fn parse_names(text: &str) -> Result<Vec<Username>, BatchError> {
    let mut batch = Batch::default();
    let mut names = Vec::new();
    for item in items(text) {
        let place = batch.next_place()?;
        let name = Username::parse(item).map_err(|fault| BatchError::Name { place, fault })?;
        batch.admit(name)?;
        names.push(name);
    }
    batch.finish()?;
    Ok(names)
}

/// The whole names that are meant by the names of a batch.
///
/// # Errors
/// [`BatchError::Name`] when one becomes too long, [`BatchError::Twice`] when two mean the same account.
pub fn complete(names: impl IntoIterator<Item = Username>, prefix: NamePrefix) -> Result<Vec<Username>, BatchError> {
    let mut batch = Batch::default();
    let mut whole = Vec::new();
    for name in names {
        let place = batch.next_place()?;
        let name = prefix.complete(name).map_err(|fault| BatchError::Name { place, fault })?;
        batch.admit(name)?;
        whole.push(name);
    }
    Ok(whole)
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// What a batch holds so far.
#[derive(Default)]
struct Batch {
    seen: HashSet<Username>,
    count: usize,
}

impl Batch {
    /// The place of the next item, counted from 1.
    fn next_place(&mut self) -> Result<usize, BatchError> {
        if self.count >= LARGEST_BATCH {
            return Err(BatchError::TooMany);
        }
        self.count = self.count.saturating_add(1);
        Ok(self.count)
    }

    fn admit(&mut self, name: Username) -> Result<(), BatchError> {
        if self.seen.insert(name) { Ok(()) } else { Err(BatchError::Twice { name }) }
    }

    fn finish(&self) -> Result<(), BatchError> {
        if self.count == 0 { Err(BatchError::Empty) } else { Ok(()) }
    }
}

/// Why a batch is refused. Places are counted from 1, empty items left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// No item at all.
    #[error("must name at least one account")]
    Empty,
    /// More than [`LARGEST_BATCH`] items.
    #[error("must not name more than 500 accounts at once")]
    TooMany,
    /// The same name twice.
    #[error("names the account {name} twice")]
    Twice {
        /// Which name.
        name: Username,
    },
    /// No colon in an item that needs a password.
    #[error("item {place}: write it as name:password")]
    NoPassword {
        /// Which item.
        place: usize,
    },
    /// A name breaks a rule.
    #[error("item {place}: the name {fault}")]
    Name {
        /// Which item.
        place: usize,
        /// Which rule.
        fault: NameError,
    },
    /// A password breaks a rule.
    #[error("item {place}: the password {fault}")]
    Password {
        /// Which item.
        place: usize,
        /// Which rule.
        fault: NameError,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_spellings_of_one_name_are_twice_the_same() {
        let prefix = NamePrefix::parse("tp").unwrap();
        let whole = |text: &str| complete(parse_names(text).unwrap(), prefix);
        let [tpa, tpb] = ["tpa", "tpb"].map(|name| Username::parse(name).unwrap());
        assert_eq!(whole("a,tpb"), Ok(vec![tpa, tpb]));
        assert_eq!(whole("a,tpa"), Err(BatchError::Twice { name: tpa }));
        let long = "u".repeat(32);
        assert_eq!(whole(&format!("a,{long}")), Err(BatchError::Name { place: 2, fault: NameError::TooLong }));
    }

    fn names(text: &str) -> Result<Vec<String>, BatchError> {
        parse_names(text).map(|names| names.iter().map(ToString::to_string).collect())
    }

    fn pairs(text: &str) -> Result<Vec<(String, String)>, BatchError> {
        let own = |(name, password): (Username, AccountPassword)| (name.to_string(), password.reveal().to_owned());
        parse_pairs(text).map(|pairs| pairs.into_iter().map(own).collect())
    }

    #[test]
    fn blanks_are_trimmed_and_empty_items_ignored() {
        assert_eq!(names(" a, b ,,c\t,\n"), Ok(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(
            pairs(",user01:pass , user02 : word,"),
            Ok(vec![("user01".into(), "pass".into()), ("user02".into(), "word".into())])
        );
    }

    #[test]
    fn one_bad_item_refuses_all() {
        let refusals = [
            ("", BatchError::Empty),
            (" , ,", BatchError::Empty),
            ("a:b,c", BatchError::NoPassword { place: 2 }),
            ("a:b,:c", BatchError::Name { place: 2, fault: NameError::Empty }),
            ("a:b,c:", BatchError::Password { place: 2, fault: NameError::Empty }),
            ("a:b:c", BatchError::Password { place: 1, fault: NameError::Character }),
            ("a_b:c", BatchError::Name { place: 1, fault: NameError::Character }),
            ("ａ:c", BatchError::Name { place: 1, fault: NameError::Character }),
            ("a b:c", BatchError::Name { place: 1, fault: NameError::Character }),
        ];
        for (text, refusal) in refusals {
            assert_eq!(pairs(text), Err(refusal), "{text:?}");
        }
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        let name = Username::parse("a").unwrap();
        assert_eq!(names("a,b,a"), Err(BatchError::Twice { name }));
        assert_eq!(pairs("a:1,b:1,a:2"), Err(BatchError::Twice { name }));
        assert_eq!(names("a,A").map(|names| names.len()), Ok(2));
    }

    #[test]
    fn five_hundred_is_the_most() {
        let batch = |count: usize| (0..count).map(|n| format!("u{n}")).collect::<Vec<_>>().join(",");
        assert_eq!(names(&batch(500)).map(|names| names.len()), Ok(500));
        assert_eq!(names(&batch(501)), Err(BatchError::TooMany));
    }

    #[test]
    fn a_refusal_never_shows_a_password() {
        let shown = pairs("a:sec-ret").unwrap_err();
        assert!(!format!("{shown} {shown:?}").contains("sec"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,200}") {
            let told = (parse_pairs(&text).is_ok(), parse_names(&text).is_ok());
            // A text with a colon is never a list of names, one without never a list of pairs.
            prop_assert!(told != (true, true));
        }

        #[test]
        fn what_was_written_is_read(batch in prop::collection::btree_map("[a-zA-Z0-9]{1,32}", "[a-zA-Z0-9]{1,32}", 1..40)) {
            let text = batch.iter().map(|(name, password)| format!("{name}:{password}")).collect::<Vec<_>>().join(",");
            prop_assert_eq!(pairs(&text), Ok(batch.into_iter().collect::<Vec<_>>()));
        }
    }
}
