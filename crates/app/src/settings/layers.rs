//! The layers a configuration is made of, merged into one table that remembers where each value stands: in which line
//! of the file, in which variable, in which flag.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::cli::ConfigArgs;

use super::places::{ConfigError, Place, Places};

/// Variables with this prefix set keys: `TURNPIKE__GATEWAY__LISTEN` is `gateway.listen`.
const PREFIX: &str = "TURNPIKE__";

/// What was read so far; later layers win.
#[derive(Default)]
pub(super) struct Layers {
    merged: Table,
    places: Places,
}

impl Layers {
    /// The file, the environment and the flags, in this order.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn of(args: &ConfigArgs) -> Result<Self, ConfigError> {
        let mut layers = Self::default();
        if let Some(file) = &args.config {
            layers.file(file)?;
        }
        layers.environment(variables())?;
        for pair in &args.overrides {
            layers.flag(pair)?;
        }
        Ok(layers)
    }

    /// Adds the file.
    ///
    /// # Errors
    /// When it cannot be read or is no TOML.
    fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::new(Place::File(path.to_path_buf()), format!("cannot be read: {error}")))?;
        self.merged = self.places.mark_file(path, &text)?;
        Ok(())
    }

    /// Adds the variables that set keys.
    ///
    /// # Errors
    /// When one names no possible key.
    fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (name, value) in variables {
            if let Some(key) = name.strip_prefix(PREFIX) {
                let key = key.to_ascii_lowercase().replace("__", ".");
                self.set(&key, &value, Place::Variable(name.clone()))?;
            }
        }
        Ok(())
    }

    /// Adds one `--set KEY=VALUE`.
    ///
    /// # Errors
    /// When it is not written so.
    fn flag(&mut self, pair: &str) -> Result<(), ConfigError> {
        let place = Place::Flag(pair.to_owned());
        match pair.split_once('=') {
            Some((key, value)) => self.set(key.trim(), value.trim(), place),
            None => Err(ConfigError::new(place, "write KEY=VALUE".to_owned())),
        }
    }

    /// All layers as settings, and where each stands.
    ///
    /// # Errors
    /// When a key is unknown or a value is none of its kind.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<(T, Places), ConfigError> {
        match serde_path_to_error::deserialize(Value::Table(self.merged)) {
            Ok(settings) => Ok((settings, self.places)),
            Err(error) => {
                let key = error.path().to_string();
                Err(self.places.blame(&key, explained(error.inner().message().trim())))
            }
        }
    }

    fn set(&mut self, key: &str, text: &str, place: Place) -> Result<(), ConfigError> {
        let plain =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !key.split('.').all(plain) {
            return Err(ConfigError::new(place, format!("`{key}`: a key is words joined by dots")));
        }
        let (sections, name) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &mut self.merged;
        for section in sections.split('.').filter(|section| !section.is_empty()) {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = inner else {
                return Err(ConfigError::new(place, format!("{key}: `{section}` is no section")));
            };
            table = inner;
        }
        table.insert(name.to_owned(), value(text));
        self.places.mark(key, place);
        Ok(())
    }
}

/// What the library that reads networks says of a bad address and of a bad length alike.
const BAD_NETWORK: &str = "invalid IP address syntax";

/// What is wrong with a value, for those who have to mend it.
fn explained(message: &str) -> &str {
    if message == BAD_NETWORK {
        "write a network as ADDRESS/LENGTH, such as 10.0.0.0/8; the length is at most 32 for IPv4 and 128 for IPv6"
    } else {
        message
    }
}

/// A value given outside the file: read as TOML, or as text when it is none.
fn value(text: &str) -> Value {
    let read = format!("value = {text}").parse::<Table>().ok().filter(|table| table.len() == 1);
    read.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The variables that were given to this process, as far as they are text.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
