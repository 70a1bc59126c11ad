//! How many streams are open, of each customer and in all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use turnpike_domain::ids::CustomerId;

use crate::settings::LiveSettings;

/// Open streams by customer. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    of: HashMap<CustomerId, usize>,
    all: usize,
}

/// A stream's place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Streams,
    customer: CustomerId,
}

impl Streams {
    /// A place for one more stream; `None` when the customer has enough of them, or all together have.
    pub(super) fn take_place(&self, customer: CustomerId, settings: &LiveSettings) -> Option<Place> {
        let mut open = self.0.lock();
        let of_customer = open.of.get(&customer).copied().unwrap_or(0);
        if of_customer >= settings.most_of_a_customer || open.all >= settings.most {
            return None;
        }
        open.of.insert(customer, of_customer + 1);
        open.all += 1;
        Some(Place { streams: self.clone(), customer })
    }
}

impl Place {
    /// Whose stream it is.
    pub(super) const fn customer(&self) -> CustomerId {
        self.customer
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock();
        open.all -= 1;
        let left = open.of.get(&self.customer).map_or(0, |count| count - 1);
        if left == 0 {
            open.of.remove(&self.customer);
        } else {
            open.of.insert(self.customer, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_bounded_by_customer_and_in_all() {
        let streams = Streams::default();
        let settings = LiveSettings { most_of_a_customer: 2, most: 3, ..LiveSettings::default() };
        let take = |number| streams.take_place(CustomerId::new(number), &settings);
        let (first, second) = (take(1), take(1));
        assert!(first.is_some() && second.is_some());
        assert!(take(1).is_none());
        let third = take(2);
        assert!(third.is_some());
        assert!(take(3).is_none());
        drop(first);
        assert!(take(3).is_some());
        drop((second, third));
        assert!(streams.0.lock().of.is_empty());
    }
}
