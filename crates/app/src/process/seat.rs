//! The seat of a serving process in its data folder: the lock on it, and the sockets it was given.

use anyhow::{Context, Result};

use crate::control::{self, Farewell, Lock};
use crate::settings::Settings;
use crate::systemd;
use crate::wiring::{self, Sockets};

/// The lock and the sockets, and the process that has both until this one serves.
pub(crate) struct Seat {
    pub(super) lock: Lock,
    pub(super) sockets: Sockets,
    pub(super) predecessor: Option<Farewell>,
}

impl Seat {
    /// Takes the seat: from the process that has it, or an empty one.
    ///
    /// # Errors
    /// When another process has it and is not to be taken over, or there is none to take over.
    pub(crate) fn take(settings: &Settings, takeover: bool) -> Result<Self> {
        wiring::make_folder(settings)?;
        if takeover {
            let (sockets, lock, predecessor) = control::predecessor(&settings.data).context("--takeover")?.apart();
            return Ok(Self { lock, sockets: Sockets::inheriting(sockets), predecessor: Some(predecessor) });
        }
        let lock = Lock::take(&settings.data)?;
        Ok(Self { lock, sockets: Sockets::inheriting(systemd::sockets()?), predecessor: None })
    }
}
