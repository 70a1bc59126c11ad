//! `turnpike upgrade`: the running process starts the binary that now stands where its own was, with its own arguments,
//! as its successor. So the successor belongs to the same service, with the same environment and limits.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::control::Answer;

/// The flag that makes a process take over.
const TAKEOVER: &str = "--takeover";

/// Where this process' binary was when it started.
static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// Notes where the binary is. Later its file may have been replaced, and the kernel would name the deleted one.
pub(crate) fn note_binary() {
    if let Ok(binary) = std::env::current_exe() {
        BINARY.get_or_init(|| binary);
    }
}

/// A successor that was started and does not serve yet.
pub(super) struct Upgrade {
    child: Child,
    /// Whoever waits for it; `None` once answered.
    tell: Option<oneshot::Sender<Answer>>,
}

impl Upgrade {
    /// Starts the successor.
    ///
    /// # Errors
    /// When it cannot be started: whoever waits, and why.
    pub(super) fn start(tell: oneshot::Sender<Answer>) -> Result<Self, (oneshot::Sender<Answer>, String)> {
        let Some(binary) = BINARY.get() else { return Err((tell, "this process cannot find its binary".to_owned())) };
        let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        if !arguments.iter().any(|argument| argument == TAKEOVER) {
            arguments.push(TAKEOVER.into());
        }
        match Command::new(binary).args(arguments).stdin(Stdio::null()).spawn() {
            Ok(child) => {
                tracing::info!(pid = child.id(), binary = %binary.display(), "starting a successor");
                Ok(Self { child, tell: Some(tell) })
            }
            Err(error) => Err((tell, format!("{} cannot be started: {error}", binary.display()))),
        }
    }

    /// Waits until the successor has ended without serving; why. Waits for ever when there is none.
    pub(super) async fn failed(upgrade: &mut Option<Self>) -> String {
        let Some(upgrade) = upgrade else { return std::future::pending().await };
        match upgrade.child.wait().await {
            Ok(status) => format!("the successor ended before it served ({status}); its reason is in the log"),
            Err(error) => format!("the successor cannot be awaited: {error}"),
        }
    }

    /// Answers whoever waits, and forgets the successor.
    pub(super) fn answer(upgrade: &mut Option<Self>, answer: &Answer) {
        if let Some(tell) = upgrade.take().and_then(|upgrade| upgrade.tell) {
            super::reply(tell, answer.clone());
        }
    }
}
