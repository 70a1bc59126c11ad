//! The store in memory as a gateway finds it: both of its ports.

use super::*;

impl Admission for Store {
    fn snapshot(&self) -> BoxStream<'_, Result<SnapshotPart, PortError>> {
        let parts = self.answer(|books| {
            let customers = books.customers.values().cloned().collect();
            let accounts = books.accounts.values().map(|(entry, _)| entry.clone()).collect();
            [
                SnapshotPart::Begin(Some(books.seq())),
                SnapshotPart::Exits(books.exits.values().cloned().collect()),
                SnapshotPart::Pins(books.pins.clone()),
                SnapshotPart::Customers(customers),
                SnapshotPart::Accounts(accounts),
                SnapshotPart::Endpoints(books.endpoints.values().cloned().collect()),
            ]
        });
        let parts = parts.map_or_else(|error| vec![Err(error)], |parts| parts.map(Ok).into());
        stream::iter(parts).boxed()
    }

    fn changes(&self, _: Incarnation, after: Option<FeedSeq>) -> BoxFuture<'_, Result<Changes, PortError>> {
        std::future::ready(self.answer(|books| books.changes(after))).boxed()
    }

    fn news(&self, after: Option<FeedSeq>) -> BoxFuture<'_, ()> {
        async move {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                if Some(self.books().seq()) != after {
                    return;
                }
                rung.await;
            }
        }
        .boxed()
    }

    fn answer(&self, _: Incarnation, question: QuestionId, answer: Answer) -> BoxFuture<'_, Result<(), PortError>> {
        self.books().answers.push((question, answer));
        self.bell.notify_waiters();
        std::future::ready(Ok(())).boxed()
    }

    fn pin(&self, _: Incarnation, pins: Vec<Pin>) -> BoxFuture<'_, Result<(), PortError>> {
        let kept = self.answer(|books| {
            for pin in pins {
                books.pins.push(pin);
                books.feed.push(Changed::Pin(books.pins.len() - 1));
            }
        });
        self.bell.notify_waiters();
        std::future::ready(kept).boxed()
    }

    fn bound(
        &self,
        _: Incarnation,
        batch: EndpointBatchId,
        failed: Vec<EndpointId>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        self.books().bound.push((batch, failed));
        self.bell.notify_waiters();
        std::future::ready(Ok(())).boxed()
    }

    fn note_activity(&self, _: Incarnation, entries: Vec<ActivityEntry>) -> BoxFuture<'_, Result<(), PortError>> {
        let kept = self.answer(|books| books.activity.extend(entries));
        self.bell.notify_waiters();
        std::future::ready(kept).boxed()
    }

    fn leave(&self, node: Incarnation) -> BoxFuture<'_, Result<(), PortError>> {
        self.books().left.push(node);
        std::future::ready(Ok(())).boxed()
    }
}

impl Leases for Store {
    fn settle(&self, node: Incarnation, found: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>> {
        let result = self.answer(|books| {
            let before = books.boots.insert(node.node, node.boot).unwrap_or_default();
            if before < node.boot {
                for report in &found {
                    books.book(report);
                }
                books.void(node.node, &[]);
            }
        });
        self.bell.notify_waiters();
        std::future::ready(result).boxed()
    }

    fn exchange(&self, node: Incarnation, exchange: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>> {
        let answer = self.answer(|books| {
            if books.boots.get(&node.node) != Some(&node.boot) {
                return Err(PortError::Fenced(Fence::Overtaken));
            }
            for report in &exchange.reports {
                books.book(report);
            }
            if let Some(held) = &exchange.held {
                books.void(node.node, held);
            }
            let grant =
                |asks: LeaseRequest| LeaseGrant { account: asks.account, outcome: books.grant(node.node, asks) };
            Ok(exchange.requests.into_iter().map(grant).collect())
        });
        let answer: Result<Vec<LeaseGrant>, PortError> = answer.and_then(|granted| granted);
        if self.loses_answers.load(Ordering::SeqCst) {
            let grants = answer.iter().flatten().filter(|grant| grant.outcome.is_ok()).count();
            self.lost_grants.fetch_add(u64::try_from(grants).unwrap(), Ordering::SeqCst);
            self.bell.notify_waiters();
            return std::future::ready(Err(PortError::Unreachable("lost".to_owned()))).boxed();
        }
        self.bell.notify_waiters();
        std::future::ready(answer).boxed()
    }

    fn seats(&self, node: Incarnation, round: SeatRound) -> BoxFuture<'_, Result<Vec<SeatGrant>, PortError>> {
        let answer =
            self.answer(|books| round.requests.into_iter().map(|request| books.seat(node.node, request)).collect());
        self.bell.notify_waiters();
        std::future::ready(answer).boxed()
    }
}
