//! Names as customers read and write them: `LosAngeles`, `SaoPaulo`, `Stratford-upon-Avon` (contract §4).

use std::cmp::Ordering;

use turnpike_domain::place::{PlaceName, is_hyphen, plain_letters};
use unicode_normalization::UnicodeNormalization;

/// A name in ASCII letters, digits and hyphens, without blanks; capitals stay. Empty when the name is of another script.
pub fn spelled(name: &str) -> String {
    let mut spelled = String::with_capacity(name.len());
    for character in name.nfkd() {
        if character.is_ascii_alphanumeric() {
            spelled.push(character);
        } else if is_hyphen(character) {
            spelled.push('-');
        } else {
            push_plain(character, &mut spelled);
        }
    }
    spelled
}

/// What is written for a letter with a stroke or a ligature; nothing for any other character.
fn push_plain(character: char, spelled: &mut String) {
    let Some(lower) = character.to_lowercase().next() else { return };
    let Some(plain) = plain_letters(lower) else { return };
    let mut letters = plain.chars();
    if character.is_uppercase() {
        spelled.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
    }
    spelled.extend(letters);
}

/// What a name is found by: small ASCII letters and digits only; `None` when none is in it.
pub(crate) fn folded(name: &str) -> Option<String> {
    PlaceName::parse(&spelled(name)).ok().map(|name| name.as_str().to_owned())
}

/// How a name stands to a folded one, in the order of the tables. Most names are plain, and are not copied.
pub(crate) fn compare(name: &str, folded_name: &str) -> Ordering {
    if name.is_ascii() {
        plain_bytes(name).cmp(folded_name.bytes())
    } else {
        folded(name).as_deref().unwrap_or_default().cmp(folded_name)
    }
}

fn plain_bytes(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_spelled_without_blanks_and_accents() {
        for (name, expected) in [
            ("Los Angeles", "LosAngeles"),
            ("São Paulo", "SaoPaulo"),
            ("Stratford-upon-Avon", "Stratford-upon-Avon"),
            ("Rosemont–La Petite-Patrie", "Rosemont-LaPetite-Patrie"),
            ("Łódź", "Lodz"),
            ("Straßgang", "Strassgang"),
            ("Đà Nẵng", "DaNang"),
            ("Ægir", "Aegir"),
            ("Əhmədbəyli", "Ehmedbeyli"),
            ("Zürich (Kreis 11)", "ZurichKreis11"),
            ("St. John’s", "StJohns"),
            ("北京", ""),
        ] {
            assert_eq!(spelled(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn names_compare_as_what_they_are_found_by(name in "[A-Za-zéøßŁ .'-]{0,12}", other in "[a-z0-9]{0,12}") {
            let found_by = folded(&name).unwrap_or_default();
            prop_assert_eq!(compare(&name, &other), found_by.as_str().cmp(other.as_str()));
        }

        #[test]
        fn what_is_spelled_is_found_by_the_same(name in "\\PC{0,40}") {
            prop_assert_eq!(folded(&spelled(&name)), folded(&name));
        }
    }
}
