//! Where a setting stands, so that whoever has to mend it finds it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Table;
use toml::de::{DeTable, DeValue};

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the file as a whole.
    File(PathBuf),
    /// At a line and column of the file, both counted from 1.
    Line { file: PathBuf, line: usize, column: usize },
    /// In a variable of the environment.
    Variable(String),
    /// In a `--set` flag.
    Flag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Line { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(pair) => write!(f, "--set {pair}"),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    place: Option<Place>,
    why: String,
}

impl ConfigError {
    pub(super) const fn new(place: Place, why: String) -> Self {
        Self { place: Some(place), why }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The place of every key that is set, by its dotted name; the third element of a list is `key[2]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    file: Option<PathBuf>,
    places: BTreeMap<String, Place>,
}

impl Places {
    /// Notes where every key of a file stands, and returns its values.
    ///
    /// # Errors
    /// When it is no TOML.
    pub(crate) fn mark_file(&mut self, path: &Path, text: &str) -> Result<Table, ConfigError> {
        self.file = Some(path.to_path_buf());
        let marker = Marker { path, text };
        let spanned = DeTable::parse(text).map_err(|error| marker.no_toml(&error))?;
        marker.table("", spanned.get_ref(), &mut self.places);
        text.parse().map_err(|error| marker.no_toml(&error))
    }

    /// Notes where one key stands; what stood for it and below it before is overridden.
    pub(super) fn mark(&mut self, key: &str, place: Place) {
        let below =
            |other: &str| other.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.places.retain(|other, _| !below(other));
        self.places.insert(key.to_owned(), place);
    }

    /// What is wrong with the value of a key, at the place of the key, or else of the nearest section around it.
    pub(crate) fn blame(&self, key: &str, why: &str) -> ConfigError {
        let why = if key.is_empty() || key == "." { why.to_owned() } else { format!("{key}: {why}") };
        ConfigError { place: self.nearest(key).or_else(|| self.file.clone().map(Place::File)), why }
    }

    /// As [`Places::blame`], for a message that begins with the key, as `key: what is wrong`.
    pub(crate) fn blame_named(&self, message: &str) -> ConfigError {
        match message.split_once(": ") {
            Some((key, why)) if is_key(key) => self.blame(key, why),
            _ => ConfigError { place: None, why: message.to_owned() },
        }
    }

    fn nearest(&self, key: &str) -> Option<Place> {
        let mut key = key;
        loop {
            if let Some(place) = self.places.get(key) {
                return Some(place.clone());
            }
            key = &key[..key.rfind(['.', '['])?];
        }
    }
}

/// Whether a text can be a dotted key.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte))
}

/// One file.
struct Marker<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Marker<'_> {
    fn table(&self, prefix: &str, table: &DeTable<'_>, places: &mut BTreeMap<String, Place>) {
        for (key, value) in table {
            let name = key.get_ref();
            let dotted = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            places.insert(dotted.clone(), self.place(&key.span()));
            self.value(&dotted, value.get_ref(), places);
        }
    }

    fn value(&self, dotted: &str, value: &DeValue<'_>, places: &mut BTreeMap<String, Place>) {
        match value {
            DeValue::Table(table) => self.table(dotted, table, places),
            DeValue::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    let element = format!("{dotted}[{index}]");
                    places.insert(element.clone(), self.place(&value.span()));
                    self.value(&element, value.get_ref(), places);
                }
            }
            _ => {}
        }
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.get(line_start..).unwrap_or_default().chars().count().saturating_add(1);
        Place::Line { file: self.path.to_path_buf(), line, column }
    }

    fn no_toml(&self, error: &toml::de::Error) -> ConfigError {
        ConfigError::new(self.place(&error.span().unwrap_or_default()), error.message().trim().replace('\n', ", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> Result<Places, ConfigError> {
        let mut places = Places::default();
        places.mark_file(Path::new("t.toml"), text).map(|_| places)
    }

    fn blamed(places: &Places, key: &str) -> String {
        places.blame(key, "no").to_string()
    }

    #[test]
    fn keys_are_found_in_sections_lists_and_dotted_names() {
        let places =
            marked("zone = 'UTC'\n\n[gateway]\n  threads = 2\nlimits.requests = 1\n[[gateway.open]]\nx = 1\n").unwrap();
        assert_eq!(blamed(&places, "zone"), "t.toml:1:1: zone: no");
        assert_eq!(blamed(&places, "gateway.threads"), "t.toml:4:3: gateway.threads: no");
        assert_eq!(blamed(&places, "gateway.limits.requests"), "t.toml:5:8: gateway.limits.requests: no");
        assert_eq!(blamed(&places, "gateway.open[0].x"), "t.toml:7:1: gateway.open[0].x: no");
        // Not set itself: the section that should have it.
        assert_eq!(blamed(&places, "gateway.listen"), "t.toml:3:2: gateway.listen: no");
        assert_eq!(blamed(&places, "leases.share"), "t.toml: leases.share: no");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let error = marked("zone = 'UTC'\n[gateway\n").unwrap_err().to_string();
        assert!(error.starts_with("t.toml:2:"), "{error}");
        let error = marked("a = 1\nb = 2\na = 3\n").unwrap_err().to_string();
        assert!(error.starts_with("t.toml:3:1: "), "{error}");
    }

    #[test]
    fn an_overridden_list_leaves_no_place_behind() {
        let mut places = marked("ports = [1, 2]").unwrap();
        places.mark("ports", Place::Flag("ports=[3]".to_owned()));
        assert_eq!(blamed(&places, "ports[0]"), "--set ports=[3]: ports[0]: no");
    }

    #[test]
    fn a_check_names_its_key_first() {
        let places = marked("[leases]\nshare = 0").unwrap();
        assert_eq!(places.blame_named("leases.share: at least 1").to_string(), "t.toml:2:1: leases.share: at least 1");
        assert_eq!(places.blame_named("no such thing: at all").to_string(), "no such thing: at all");
    }
}
