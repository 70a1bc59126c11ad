//! What the operator tells customers.

use turnpike_domain::ids::ArticleId;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;

/// An article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Which one.
    pub id: ArticleId,
    /// What it is called.
    pub title: String,
    /// What it says.
    pub content: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Since when customers do not see it any more.
    pub withdrawn_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct ArticleRow {
    id: i64,
    title: String,
    content: String,
    created_at: i64,
    withdrawn_at: Option<i64>,
}

impl From<ArticleRow> for Article {
    fn from(row: ArticleRow) -> Self {
        let ArticleRow { id, title, content, created_at, withdrawn_at } = row;
        let (created_at, withdrawn_at) = (Timestamp::from_ms(created_at), withdrawn_at.map(Timestamp::from_ms));
        Self { id: ArticleId::new(id), title, content, created_at, withdrawn_at }
    }
}

const INSERT: &str = "INSERT INTO article (title, content, created_at) VALUES ($1, $2, $3) RETURNING id";

/// Keeps a new article.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, title: &str, content: &str, now: Timestamp) -> Result<ArticleId, StoreError> {
    let (id,) = one!((i64,), tx, INSERT, title, content, now.ms())?;
    Ok(ArticleId::new(id))
}

const BY_ID: &str = "SELECT id, title, content, created_at, withdrawn_at FROM article WHERE id = $1";

/// One article, withdrawn or not.
///
/// # Errors
/// Only the database's own.
pub async fn by_id(tx: &mut Tx, article: ArticleId) -> Result<Option<Article>, StoreError> {
    Ok(optional!(ArticleRow, tx, BY_ID, article.get())?.map(Article::from))
}

const LOCK: &str = "\
    SELECT id, title, content, created_at, withdrawn_at FROM article WHERE id = $1
    FOR NO KEY UPDATE";

/// As [`by_id`]; until the transaction ends nobody else changes the article.
///
/// # Errors
/// Only the database's own.
pub async fn lock(tx: &mut Tx, article: ArticleId) -> Result<Option<Article>, StoreError> {
    Ok(optional!(ArticleRow, tx, LOCK, article.get())?.map(Article::from))
}

const UPDATE: &str = "UPDATE article SET title = $2, content = $3, withdrawn_at = $4 WHERE id = $1";

/// Changes an article that was locked in this transaction.
///
/// # Errors
/// Only the database's own.
pub async fn update(tx: &mut Tx, article: &Article) -> Result<(), StoreError> {
    let withdrawn_at = article.withdrawn_at.map(Timestamp::ms);
    exec!(tx, UPDATE, article.id.get(), article.title.as_str(), article.content.as_str(), withdrawn_at)?;
    Ok(())
}

const PAGE: &str = "\
    SELECT id, title, content, created_at, withdrawn_at FROM article WHERE id > $1 ORDER BY id LIMIT $2";

/// At most so many articles after that number, by number, withdrawn ones included.
///
/// # Errors
/// Only the database's own.
pub async fn page(tx: &mut Tx, after: i64, most: u32) -> Result<Vec<Article>, StoreError> {
    Ok(all!(ArticleRow, tx, PAGE, after, i64::from(most))?.into_iter().map(Article::from).collect())
}

const PUBLISHED: &str = "\
    SELECT id, title, content, created_at, withdrawn_at FROM article WHERE withdrawn_at IS NULL
    ORDER BY id DESC
    LIMIT $1 OFFSET $2";

/// A stretch of the articles that customers see, newest first.
///
/// # Errors
/// Only the database's own.
pub async fn published(tx: &mut Tx, stretch: Stretch) -> Result<Vec<Article>, StoreError> {
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    Ok(all!(ArticleRow, tx, PUBLISHED, most, skip)?.into_iter().map(Article::from).collect())
}

const COUNT_PUBLISHED: &str = "SELECT count(*) FROM article WHERE withdrawn_at IS NULL";

/// How many articles customers see.
///
/// # Errors
/// Only the database's own.
pub async fn count_published(tx: &mut Tx) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT_PUBLISHED)?;
    Ok(count.unsigned_abs())
}
