//! Who of this process has which key under way.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

type Keys = Mutex<HashMap<(String, String), watch::Receiver<()>>>;

/// Every key that is under way. As many as there are requests being answered.
#[derive(Debug, Default)]
pub(crate) struct Underway(Arc<Keys>);

/// Whose turn it is.
pub(super) enum Entry {
    /// The caller's, until it drops this.
    Mine(Turn),
    /// Somebody else's.
    Theirs(End),
}

/// While it lives, the key is under way.
#[derive(Debug)]
pub(super) struct Turn {
    keys: Arc<Keys>,
    key: (String, String),
    _ends: watch::Sender<()>,
}

/// The end of somebody else's turn.
pub(super) struct End(watch::Receiver<()>);

impl Underway {
    pub(super) fn enter(&self, scope: &str, key: &str) -> Entry {
        let key = (scope.to_owned(), key.to_owned());
        let mut keys = self.0.lock();
        if let Some(theirs) = keys.get(&key) {
            return Entry::Theirs(End(theirs.clone()));
        }
        let (ends, receiver) = watch::channel(());
        keys.insert(key.clone(), receiver);
        Entry::Mine(Turn { keys: Arc::clone(&self.0), key, _ends: ends })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.keys.lock().remove(&self.key);
    }
}

impl End {
    pub(super) async fn wait(mut self) {
        // Nothing is ever sent: the channel closes when the turn ends.
        while self.0.changed().await.is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_one_s_at_a_time_and_others_wait_for_its_end() {
        let underway = Underway::default();
        let Entry::Mine(turn) = underway.enter("customer:1", "k") else { panic!("nobody has it") };
        let Entry::Theirs(end) = underway.enter("customer:1", "k") else { panic!("it is taken") };
        assert!(matches!(underway.enter("customer:2", "k"), Entry::Mine(_)));
        let waiting = tokio::spawn(end.wait());
        drop(turn);
        waiting.await.unwrap();
        assert!(matches!(underway.enter("customer:1", "k"), Entry::Mine(_)));
    }
}
