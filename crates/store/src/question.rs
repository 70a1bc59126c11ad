//! What the operator asks all gateways, and what they answer. Both live for minutes.

use turnpike_domain::ids::{NodeId, QuestionId};
use turnpike_domain::question::{Answer, Ask, Question};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

const INSERT: &str = "INSERT INTO question (ask, asked_at) VALUES ($1, $2) RETURNING id";

/// Writes a question down.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, ask: &Ask, now: Timestamp) -> Result<QuestionId, StoreError> {
    let (id,) = one!((i64,), tx, INSERT, serde_json::to_string(ask)?, now.ms())?;
    Ok(QuestionId::new(id))
}

const OF: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT question.id, ask FROM wanted CROSS JOIN question
    WHERE question.id = wanted.id AND asked_at >= $2
    ORDER BY question.id";

/// Those of the given questions that were asked since then. One in words that this version does not know is left out.
///
/// # Errors
/// Only the database's own.
pub async fn of(tx: &mut Tx, wanted: &[QuestionId], oldest: Timestamp) -> Result<Vec<Question>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = wanted.iter().map(|id| (id.get(),)).collect();
    let found = all!((i64, String), tx, OF, rows(&wanted)?, oldest.ms())?;
    let known =
        |(id, ask): (i64, String)| serde_json::from_str(&ask).ok().map(|ask| Question { id: QuestionId::new(id), ask });
    Ok(found.into_iter().filter_map(known).collect())
}

const ANSWER: &str = "\
    INSERT INTO answer (question_id, node_id, answer)
    SELECT id, $2, $3 FROM question WHERE id = $1
    ON CONFLICT (question_id, node_id) DO NOTHING";

/// Keeps a gateway's answer, while the question is kept; the first one counts.
///
/// # Errors
/// Only the database's own.
pub async fn answer(tx: &mut Tx, id: QuestionId, node: NodeId, answer: &Answer) -> Result<(), StoreError> {
    exec!(tx, ANSWER, id.get(), node.get(), serde_json::to_string(answer)?)?;
    Ok(())
}

const ANSWERS: &str = "SELECT node_id, answer FROM answer WHERE question_id = $1 ORDER BY node_id";

/// What was answered so far.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn answers(tx: &mut Tx, id: QuestionId) -> Result<Vec<(NodeId, Answer)>, StoreError> {
    let corrupt = |_| StoreError::Corrupt { table: "answer", column: "answer", id: id.get() };
    let read = |(node, answer): (i64, String)| Ok((NodeId::new(node), serde_json::from_str(&answer).map_err(corrupt)?));
    all!((i64, String), tx, ANSWERS, id.get())?.into_iter().map(read).collect()
}

const TRIM_ANSWERS: &str = "\
    DELETE FROM answer WHERE question_id IN (SELECT id FROM question WHERE asked_at < $1)";
const TRIM: &str = "DELETE FROM question WHERE asked_at < $1";

/// Drops what was asked before then, with its answers: how many questions.
///
/// # Errors
/// Only the database's own.
pub async fn trim(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    exec!(tx, TRIM_ANSWERS, before.ms())?;
    exec!(tx, TRIM, before.ms())
}
