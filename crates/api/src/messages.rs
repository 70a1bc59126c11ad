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
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_bundle::FluentResource;
    use turnpike_domain::activity::Reason;

    use super::*;
    use crate::error::{ApiError, REQUESTED, SUCCESS};
    use crate::field_error::FieldError;
    use crate::user_activity::message_key;

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
            .chain(&[SUCCESS, REQUESTED])
            .map(|key| (*key).to_owned())
            .chain(Reason::ALL.iter().map(|reason| message_key(*reason)))
            .collect();
        for locale in LOCALES {
            assert_eq!(keys(locale), used, "{}", locale.tag);
        }
    }

    /// The names of the arguments of each message.
    fn arguments(locale: &Locale) -> BTreeMap<String, BTreeSet<String>> {
        let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in locale.source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
                key = name.to_owned();
            }
            let names = line.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap().to_owned());
            messages.entry(key.clone()).or_default().extend(names);
        }
        messages
    }

    #[test]
    fn every_message_has_the_same_arguments_in_every_language() {
        let english = arguments(&LOCALES[Language::of_tag("en").unwrap().place()]);
        assert!(english["field-out-of-range"].len() == 2 && english["success"].is_empty());
        for locale in LOCALES {
            let mut own = arguments(locale);
            // The contract words this one, in English without the address (§0.4).
            own.insert("source-not-listed".to_owned(), BTreeSet::new());
            assert_eq!(own, english, "{}", locale.tag);
        }
    }

    #[test]
    fn numbers_take_the_form_that_the_language_has_for_them() {
        let forms: [(&str, &[(u32, &str)]); 6] = [
            ("en", &[(1, "in 1 second"), (2, "in 2 seconds")]),
            ("de", &[(1, "in 1 Sekunde erneut"), (2, "in 2 Sekunden erneut")]),
            ("pt", &[(1, "em 1 segundo"), (2, "em 2 segundos")]),
            (
                "ru",
                &[
                    (1, "через 1 секунду"),
                    (2, "через 2 секунды"),
                    (5, "через 5 секунд"),
                    (11, "через 11 секунд"),
                    (21, "через 21 секунду"),
                    (22, "через 22 секунды"),
                    (111, "через 111 секунд"),
                ],
            ),
            ("zh-Hans", &[(1, "在 1 秒后"), (30, "在 30 秒后")]),
            ("vi", &[(1, "sau 1 giây"), (30, "sau 30 giây")]),
        ];
        for (tag, numbers) in forms {
            for (number, expected) in numbers {
                let mut arguments = FluentArgs::new();
                arguments.set("seconds", *number);
                let text = text(Language::of_tag(tag).unwrap(), "login-too-often", &arguments);
                assert!(text.contains(expected), "{tag} {number}: {text}");
            }
        }
    }

    #[test]
    fn plural_forms_are_those_of_the_language() {
        for locale in LOCALES {
            let expected: &[&str] = match locale.tag {
                "ru" => &["one", "few", "many", "other"],
                "pt" => &["one", "many", "other"],
                "en" | "de" | "hi" => &["one", "other"],
                _ => &[],
            };
            let mut blocks = locale.source.split(" ->\n").skip(1).peekable();
            assert_eq!(blocks.peek().is_none(), expected.is_empty(), "{}", locale.tag);
            for block in blocks {
                let variants = block.lines().map_while(|line| line.trim_start_matches([' ', '*']).strip_prefix('['));
                let names: Vec<&str> = variants.map(|rest| rest.split(']').next().unwrap()).collect();
                assert_eq!(names, expected, "{}: {block}", locale.tag);
            }
        }
    }

    #[test]
    fn nothing_but_names_and_units_is_left_untranslated() {
        let english: BTreeSet<&str> = LOCALES[Language::of_tag("en").unwrap().place()].source.lines().collect();
        for locale in LOCALES.iter().filter(|locale| locale.tag != "en") {
            let same = locale.source.lines().filter(|line| line.contains(" = ") && english.contains(line));
            assert_eq!(same.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", locale.tag);
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
