//! The store, opened with the keys that its secrets are sealed with: enough for an operator's command.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use turnpike_service::{Keys, Service, Source};
use turnpike_store::backup::embedded_file;
use turnpike_store::{Hearing, Store};

use crate::settings::Settings;
use crate::{entropy, keys};

/// A store opened with the keys that its secrets are sealed with.
pub(crate) struct Backend {
    pub(crate) store: Store,
    pub(crate) service: Service,
    pub(crate) keys: Keys,
}

/// Opens a store that is there, for commands that make none: a mistyped folder must not become a store.
///
/// # Errors
/// When there is none, or as [`open`].
pub(crate) async fn open_existing(settings: &Settings) -> Result<Backend> {
    require_existing(settings)?;
    open(settings).await
}

/// Whether there is a store where the settings say.
///
/// # Errors
/// When there is none.
pub(crate) fn require_existing(settings: &Settings) -> Result<()> {
    let uri = settings.store_uri();
    let (what, file) = match embedded_file(uri.reveal())? {
        Some(file) => ("store", file),
        // A database says nothing of whether it is the right one. Whoever served it has kept a key.
        None => ("master key", settings.master_key_file()),
    };
    ensure!(file.exists(), "there is no {what} at {}; name the right place with --config or --data", file.display());
    Ok(())
}

/// Opens the store and everything that needs no listener. What is not there yet is made.
///
/// # Errors
/// When the data folder, the master key or the store cannot be opened.
pub(crate) async fn open(settings: &Settings) -> Result<Backend> {
    make_folder(settings)?;
    let key_file = settings.master_key_file();
    let kept = keys::load(&key_file)?;
    let master = kept.unwrap_or_else(entropy::bytes);
    let keys = Keys::derive(&master);
    let uri = settings.store_uri();
    let hearing = if settings.store.notify { Hearing::Notified } else { Hearing::Asking };
    let store =
        Store::open_with(uri.reveal(), hearing).await.with_context(|| format!("cannot open the store {uri:?}"))?;
    let service = Service::new(
        store.clone(),
        keys.clone(),
        settings.zone()?,
        settings.lease_policy(),
        Source::new(entropy::now, entropy::fill),
    );
    service.set_staleness(Duration::from_secs(settings.gateway.staleness_s));
    service.set_shop(settings.shop.settings()?);
    service.set_static_ip_rules(settings.static_ip_rules());
    service.set_extraction_rules(settings.extraction_rules());
    service.set_exit_rules(settings.exits.rules()?);
    service.keep_activity_for(settings.activity.kept_for());
    // Only a store without secrets may get a new key: others need the one that they were sealed with.
    service
        .check_keys()
        .await
        .with_context(|| format!("the master key {} does not fit the store", key_file.display()))?;
    if kept.is_none() {
        keys::keep(&key_file, &master)?;
    }
    service.lay_down_currency().await.context("shop.currency")?;
    Ok(Backend { store, service, keys })
}

/// The data folder, readable by its owner only.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn make_folder(settings: &Settings) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data)
        .with_context(|| format!("cannot make the data folder {}", settings.data.display()))
}
