//! The operator asks all gateways something: the question goes out as a change does, the answers come back as rows.

use std::collections::HashSet;
use std::time::Duration;

use turnpike_domain::ids::{Incarnation, NodeId, QuestionId};
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::time::Span;
use turnpike_store::feed::Changed;
use turnpike_store::{StoreError, Tx, question};

use crate::error::ServiceError;
use crate::service::Service;

/// How long a question may be answered, and how long its answers are kept.
pub(crate) const ANSWERED_WITHIN: Span = Span::from_secs(60);
/// How often the store is asked for answers.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Service {
    /// Asks every gateway and waits for the answers of all living ones, at most for `patience`: what was answered by
    /// then.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn ask_gateways(&self, ask: Ask, patience: Duration) -> Result<Vec<(NodeId, Answer)>, ServiceError> {
        let now = self.now();
        let asked: Result<QuestionId, StoreError> = self
            .store
            .write(ask, move |ask, tx| {
                Box::pin(async move {
                    let id = question::insert(tx, ask, now).await?;
                    tx.announce(Changed::Question(id), now);
                    Ok(id)
                })
            })
            .await;
        self.await_answers(asked?, patience).await
    }

    /// Waits for the answers of all living gateways to a question, at most for `patience`: what was answered by then.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn await_answers(
        &self,
        id: QuestionId,
        patience: Duration,
    ) -> Result<Vec<(NodeId, Answer)>, ServiceError> {
        let until = tokio::time::Instant::now().checked_add(patience);
        loop {
            let answers = self.store.read(async |tx: &mut Tx| question::answers(tx, id).await).await?;
            let answered: HashSet<_> = answers.iter().map(|(node, _)| *node).collect();
            let missing = self.living_nodes().await?.iter().any(|node| !answered.contains(&node.id));
            let late = until.is_none_or(|until| tokio::time::Instant::now() >= until);
            if !missing || late {
                return Ok(answers);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A gateway's answer. One to a question that is forgotten by now goes nowhere.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn answer_question(
        &self,
        node: Incarnation,
        question: QuestionId,
        answer: Answer,
    ) -> Result<(), ServiceError> {
        let node = node.node;
        let kept = self.store.write(answer, move |answer, tx| Box::pin(question::answer(tx, question, node, answer)));
        Ok(kept.await?)
    }

    /// Forgets old questions with their answers: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn trim_questions(&self) -> Result<u64, ServiceError> {
        let before = self.now().minus(ANSWERED_WITHIN);
        Ok(self.store.write(before, |before, tx| Box::pin(question::trim(tx, *before))).await?)
    }
}
