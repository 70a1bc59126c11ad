//! Which language an answer speaks: the parameter `language`, the header `Language`, `Accept-Language`, the default.
//!
//! A further language is one file in `locales/` and one line in [`LOCALES`].

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::parameters::Parameters;

/// One language: its tag, other tags that mean it, and its messages.
pub(crate) struct Locale {
    /// The BCP 47 tag, also the name of its file.
    pub(crate) tag: &'static str,
    /// Other spellings, lower-case, without what truncation finds anyway.
    also: &'static [&'static str],
    /// The Fluent source.
    pub(crate) source: &'static str,
}

/// Every language there is.
pub(crate) const LOCALES: &[Locale] = &[
    Locale { tag: "zh-Hans", also: &["zh", "cn", "zho", "chs"], source: include_str!("../locales/zh-Hans.ftl") },
    Locale { tag: "zh-Hant", also: TRADITIONAL, source: include_str!("../locales/zh-Hant.ftl") },
    Locale { tag: "en", also: &["eng"], source: include_str!("../locales/en.ftl") },
    Locale { tag: "id", also: &["in", "ind"], source: include_str!("../locales/id.ftl") },
    Locale { tag: "hi", also: &["hin"], source: include_str!("../locales/hi.ftl") },
    Locale { tag: "ru", also: &["rus"], source: include_str!("../locales/ru.ftl") },
    Locale { tag: "vi", also: &["vn", "vie"], source: include_str!("../locales/vi.ftl") },
    Locale { tag: "de", also: &["deu", "ger"], source: include_str!("../locales/de.ftl") },
    Locale { tag: "pt", also: &["por"], source: include_str!("../locales/pt.ftl") },
];

/// Where Chinese is written traditionally, the region says so as well as the script does.
const TRADITIONAL: &[&str] = &["zh-tw", "zh-hk", "zh-mo", "tw", "hk", "cht"];

/// At most so many entries of an `Accept-Language` header are looked at.
const MOST_PREFERENCES: usize = 16;

/// A language that answers can be written in. The default is Simplified Chinese (contract 0.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(usize);

impl Language {
    /// The language of a tag such as `en`, `en-US`, `zh`, `zh_CN` or `zh-hans`; `None` when it is not spoken here.
    ///
    /// A longer tag than any known one is cut at its last part until it is known (RFC 4647 lookup).
    pub fn of_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
        let mut tag = tag.as_str();
        loop {
            let known = |locale: &Locale| locale.tag.eq_ignore_ascii_case(tag) || locale.also.contains(&tag);
            if let Some(place) = LOCALES.iter().position(known) {
                return Some(Self(place));
            }
            (tag, _) = tag.rsplit_once('-')?;
        }
    }

    /// Chooses by what the caller said, most explicit first.
    pub(crate) fn choose(parameter: Option<&str>, headers: &HeaderMap, default: Self) -> Self {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        parameter
            .and_then(Self::of_tag)
            .or_else(|| header("language").and_then(Self::of_tag))
            .or_else(|| header(ACCEPT_LANGUAGE.as_str()).and_then(Self::preferred))
            .unwrap_or(default)
    }

    /// Chooses for a request whose body was not read.
    pub(crate) fn of_request(parts: &Parts, default: Self) -> Self {
        let query = Parameters::of_query(parts.uri.query().unwrap_or_default()).unwrap_or_default();
        Self::choose(query.text("language"), &parts.headers, default)
    }

    /// The first spoken language of an `Accept-Language` value, by its weights (RFC 9110 12.5.4).
    fn preferred(header: &str) -> Option<Self> {
        let mut preferences: Vec<(u32, &str)> = header.split(',').take(MOST_PREFERENCES).map(preference).collect();
        preferences.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        preferences.into_iter().filter(|(weight, _)| *weight > 0).find_map(|(_, tag)| Self::of_tag(tag))
    }

    pub(crate) fn place(self) -> usize {
        self.0
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        LOCALES.get(language.0).map_or_else(Self::new, |locale| locale.tag.to_owned())
    }
}

impl TryFrom<String> for Language {
    type Error = UnknownLanguage;

    fn try_from(tag: String) -> Result<Self, Self::Error> {
        Self::of_tag(&tag).ok_or(UnknownLanguage(tag))
    }
}

/// No message file speaks this language.
#[derive(Debug, thiserror::Error)]
#[error("there are no messages in the language {0:?}")]
pub struct UnknownLanguage(String);

/// `de;q=0.7` as a weight in thousandths and a tag.
pub(crate) fn preference(entry: &str) -> (u32, &str) {
    let (tag, parameter) = entry.split_once(';').unwrap_or((entry, ""));
    let weight = match parameter.trim().strip_prefix("q=") {
        Some(weight) => thousandths(weight.trim()).unwrap_or(0),
        None => 1000,
    };
    (weight, tag)
}

fn thousandths(weight: &str) -> Option<u32> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole = whole.parse::<u32>().ok()?.min(1);
    Some((whole * 1000 + digits.parse::<u32>().ok()?).min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(parameter: Option<&str>, headers: &[(&'static str, &'static str)]) -> &'static str {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        LOCALES[Language::choose(parameter, &map, Language::default()).place()].tag
    }

    #[test]
    fn spellings_of_a_tag_are_understood() {
        let spellings: [(&str, &[&str]); 9] = [
            ("zh-Hans", &["zh", "zh-CN", "zh_cn", "ZH-hans", "zh-Hans-SG", "zh-Hans-HK", "zh-SG", "cn"]),
            ("zh-Hant", &["zh-TW", "zh_tw", "zh-Hant", "zh-hant-TW", "zh-HK", "zh-MO", "zh-Hant-CN", "tw"]),
            ("en", &["en", "EN", "en-US", " en_gb "]),
            ("id", &["id", "in", "in_ID", "id-ID"]),
            ("hi", &["hi", "hi-IN"]),
            ("ru", &["ru", "ru-RU", "ru_UA"]),
            ("vi", &["vi", "vi-VN", "vn"]),
            ("de", &["de", "de-AT", "de_CH"]),
            ("pt", &["pt", "pt-BR", "pt_pt"]),
        ];
        for (expected, tags) in spellings {
            for tag in tags {
                assert_eq!(Language::of_tag(tag).map(|found| LOCALES[found.place()].tag), Some(expected), "{tag}");
            }
        }
        assert_eq!(LOCALES.len(), spellings.len());
        for tag in ["", "-", "xx", "e", "english", "*", "zhx", "pt1"] {
            assert_eq!(Language::of_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn the_most_explicit_wish_wins() {
        assert_eq!(chosen(None, &[]), "zh-Hans");
        assert_eq!(chosen(None, &[("accept-language", "en")]), "en");
        assert_eq!(chosen(None, &[("accept-language", "en"), ("language", "zh")]), "zh-Hans");
        assert_eq!(chosen(Some("en"), &[("accept-language", "zh"), ("language", "zh")]), "en");
        assert_eq!(chosen(Some("nonsense"), &[("language", "en")]), "en");
    }

    #[test]
    fn weights_of_accept_language_are_respected() {
        assert_eq!(chosen(None, &[("accept-language", "zh;q=0.5, en;q=0.9")]), "en");
        assert_eq!(chosen(None, &[("accept-language", "fr, en;q=0.1")]), "en");
        assert_eq!(chosen(None, &[("accept-language", "en;q=0, *")]), "zh-Hans");
        assert_eq!(chosen(None, &[("accept-language", "en;q=x, zh;q=0.001")]), "zh-Hans");
    }
}
