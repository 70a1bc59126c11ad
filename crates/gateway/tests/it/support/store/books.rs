//! What the store in memory decides: by the domain's rules, on its own figures.

use super::*;

impl Books {
    pub(super) fn seq(&self) -> FeedSeq {
        FeedSeq::new(i64::try_from(self.feed.len()).unwrap())
    }

    pub(super) fn ask(&mut self, ask: question::Ask) -> QuestionId {
        self.feed.push(Changed::Asked);
        let place = self.feed.len();
        let id = QuestionId::new(i64::try_from(place).unwrap());
        self.questions.push((place, Question { id, ask }));
        id
    }

    pub(super) fn changes(&self, after: Option<FeedSeq>) -> Changes {
        let after = usize::try_from(after.map_or(0, FeedSeq::get)).unwrap();
        let mut told = directory::Changed::default();
        for changed in &self.feed[after..] {
            match changed {
                Changed::Asked => {}
                Changed::Customer(id) => told.customers.push(self.customers[id].clone()),
                Changed::Account(id) => match self.accounts.get(id) {
                    Some((entry, _)) => told.accounts.push(entry.clone()),
                    None => told.gone_accounts.push(*id),
                },
                Changed::Exit(id) => match self.exits.get(id) {
                    Some(entry) => told.exits.push(entry.clone()),
                    None => told.gone_exits.push(*id),
                },
                Changed::Pin(place) => told.pins.push(self.pins[*place]),
                Changed::Endpoint(id) => match self.endpoints.get(id) {
                    Some(entry) => told.endpoints.push(entry.clone()),
                    None => told.ended_endpoints.push(*id),
                },
            }
        }
        if after == self.feed.len() {
            return Changes::None;
        }
        let questions =
            self.questions[..].iter().filter(|(place, _)| *place > after).map(|(_, question)| question.clone());
        told.questions = questions.collect();
        Changes::Since { seq: self.seq(), changed: Box::new(told) }
    }

    pub(super) fn book(&mut self, report: &LeaseReport) {
        let Some(row) = self.leases.get_mut(&report.lease) else { return };
        let (_, package) = self.packages.iter_mut().find(|(_, package)| package.id == row.package).unwrap();
        let account = self.accounts.get_mut(&row.account).map(|(_, quota)| quota);
        let room = account.as_ref().map_or(Bytes::ZERO, |account| quota::room(account, package));
        let booking = quota::book(&row.book, report, room);
        if let Some(account) = account {
            account.used = account.used.plus(booking.used);
            account.held = account.held.minus(booking.freed);
        }
        package.take_in(&booking);
        assert!(package.used.plus(package.held) <= package.size, "a package gives no more than it has");
        row.book = booking.lease;
        if booking.done {
            self.leases.remove(&report.lease);
        }
    }

    pub(super) fn grant(&mut self, node: NodeId, request: LeaseRequest) -> Result<Lease, Denial> {
        let LeaseRequest { account: id, want } = request;
        let (entry, quota) = self.accounts.get_mut(&id).ok_or(Denial::Refused)?;
        let held = self.leases.values().filter(|row| row.node == node && row.account == id);
        let node_holds = held.fold(Bytes::ZERO, |sum, row| sum.plus(row.book.unwritten()));
        let mut packages: Vec<PackageQuota> =
            self.packages.iter().filter(|(customer, _)| *customer == entry.customer).map(|(_, p)| p.clone()).collect();
        packages.sort_by_key(|package| package.expires_at);
        let elapsed = self.began.get_or_insert_with(std::time::Instant::now).elapsed();
        let now = NOW.plus(Span::from_ms(i64::try_from(elapsed.as_millis()).unwrap()));
        let terms = quota::grant(&self.policy, quota, &packages, Ask { want, node_holds, now })?;
        quota.held = quota.held.plus(terms.bytes);
        let (_, package) = self.packages.iter_mut().find(|(_, package)| package.id == terms.package).unwrap();
        package.give(&terms);
        self.last_lease += 1;
        let lease = LeaseId::new(self.last_lease);
        let book = LeaseBook::granted(terms.bytes);
        self.leases.insert(lease, LeaseRow { node, account: id, package: terms.package, book });
        Ok(Lease { id: lease, bytes: terms.bytes, valid_for: terms.valid_for, paced: terms.paced() })
    }

    pub(super) fn seat(&mut self, node: NodeId, request: SeatRequest) -> SeatGrant {
        let SeatRequest { account, want } = request;
        self.seats.remove(&(node, account));
        let customer = self.accounts.get(&account).map(|(entry, _)| entry.customer);
        let mine = self.packages.iter().filter(|(owner, _)| Some(*owner) == customer).map(|(_, package)| package);
        let limit = mine.min_by_key(|package| package.expires_at).and_then(|plan| self.tunnels.get(&plan.id)).copied();
        let others = self.seats.values().sum();
        let seats = limit.map(|limit| seats::allot(limit, others, want));
        self.seats.extend(seats.map(|seats| ((node, account), seats)));
        let spare = limit.is_none_or(|limit| others + seats.unwrap_or(0) < limit);
        let (ends_in, held_for) = (Span::from_secs(60), Span::from_secs(60));
        SeatGrant { account, terms: SeatTerms { seats, spare, ends_in, held_for } }
    }

    /// Frees what leases of a node hold that nobody knows of any more.
    pub(super) fn void(&mut self, node: NodeId, known: &[LeaseId]) {
        let lost = self.leases.iter().filter(|(lease, row)| row.node == node && !known.contains(lease));
        let lost: Vec<LeaseId> = lost.map(|(lease, _)| *lease).collect();
        for lease in lost {
            self.book(&LeaseReport::void(lease));
        }
    }
}
