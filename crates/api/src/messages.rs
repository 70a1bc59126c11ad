//! The texts of answers, from the Fluent files in `locales/`.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

use crate::language::{LOCALES, Language, Locale};

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| LOCALES.iter().map(bundle).collect());

/// A message in a language. The key itself when there is none, which a test rules out.
pub(crate) fn text(language: Language, key: &str, arguments: &FluentArgs<'_>) -> String {
    let pattern = BUNDLES
        .get(language.place())
        .and_then(|bundle| Some((bundle, bundle.get_message(key).and_then(|message| message.value())?)));
    match pattern {
        Some((bundle, pattern)) => bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned(),
        None => key.to_owned(),
    }
}

fn bundle(locale: &Locale) -> FluentBundle<FluentResource> {
    let tag = locale.tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Answers are read by programs too: no invisible direction marks around arguments.
    bundle.set_use_isolating(false);
    // What of a file cannot be read is left out; a test sees to it that nothing is.
    let resource = FluentResource::try_new(locale.source.to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluent_bundle::FluentResource;

    use super::*;
    use crate::error::{ApiError, SUCCESS};
    use crate::field_error::FieldError;

    fn keys(locale: &Locale) -> BTreeSet<String> {
        let resource = FluentResource::try_new(locale.source.to_owned()).map_err(|(_, errors)| errors);
        let resource = resource.unwrap_or_else(|errors| panic!("{}: {errors:?}", locale.tag));
        let bundle = bundle(locale);
        let keys: Vec<&str> = resource
            .source()
            .lines()
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
            .filter(|key| key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'))
            .collect();
        let unique: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(unique.len(), keys.len(), "{}: a key is there twice", locale.tag);
        for key in &unique {
            assert!(bundle.get_message(key).is_some_and(|message| message.value().is_some()), "{key}");
        }
        unique
    }

    #[test]
    fn every_file_has_exactly_the_keys_that_are_used() {
        let used: BTreeSet<String> = ApiError::MESSAGES
            .iter()
            .chain(FieldError::MESSAGES)
            .chain(&[SUCCESS])
            .map(|key| (*key).to_owned())
            .collect();
        for locale in LOCALES {
            assert_eq!(keys(locale), used, "{}", locale.tag);
        }
    }

    #[test]
    fn the_texts_deployed_clients_look_for_are_there() {
        let none = FluentArgs::new();
        let english = Language::of_tag("en").unwrap();
        assert_eq!(text(english, "session-invalid", &none), "Your session has expired, please log in again");
        assert_eq!(text(Language::default(), SUCCESS, &none), "操作成功");
    }
}
