//! Articles: what the operator tells customers.

use turnpike_domain::ids::ArticleId;
use turnpike_store::article::{self, Article};
use turnpike_store::package::Stretch;
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::list_packages::Page;
use crate::service::Service;
use crate::shop_error::ShopError;

/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;
/// The longest content, in characters.
const LONGEST_CONTENT: usize = 20_000;

/// What is to become otherwise of an article; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleChange {
    /// What it is called.
    pub title: Option<String>,
    /// What it says.
    pub content: Option<String>,
    /// Whether customers do not see it any more.
    pub withdrawn: Option<bool>,
}

struct Writing {
    service: Service,
    actor: Actor,
    title: String,
    content: String,
}

struct Changing {
    service: Service,
    actor: Actor,
    article: ArticleId,
    change: ArticleChange,
}

impl Service {
    /// Publishes an article.
    ///
    /// # Errors
    /// [`ShopError::Text`].
    pub async fn add_article(&self, actor: &Actor, title: &str, content: &str) -> Result<Article, ServiceError> {
        let (title, content) = (checked_title(title)?, checked_content(content)?);
        let writing = Writing { service: self.clone(), actor: actor.clone(), title, content };
        self.store.write(writing, |writing, tx| Box::pin(write(writing, tx))).await
    }

    /// Changes an article, withdraws it, or publishes it again.
    ///
    /// # Errors
    /// [`ShopError::NoSuchArticle`], [`ShopError::Text`].
    pub async fn change_article(
        &self,
        actor: &Actor,
        article: ArticleId,
        change: ArticleChange,
    ) -> Result<Article, ServiceError> {
        let change = ArticleChange {
            title: change.title.as_deref().map(checked_title).transpose()?,
            content: change.content.as_deref().map(checked_content).transpose()?,
            ..change
        };
        let changing = Changing { service: self.clone(), actor: actor.clone(), article, change };
        self.store.write(changing, |changing, tx| Box::pin(change_it(changing, tx))).await
    }

    /// At most so many articles after that one, by number, withdrawn ones included.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_articles(&self, after: Option<ArticleId>, most: u32) -> Result<Vec<Article>, ServiceError> {
        let after = after.map_or(0, ArticleId::get);
        Ok(self.store.read(async |tx: &mut Tx| article::page(tx, after, most).await).await?)
    }

    /// One article, withdrawn or not.
    ///
    /// # Errors
    /// [`ShopError::NoSuchArticle`], or the store's.
    pub async fn find_article(&self, id: ArticleId) -> Result<Article, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| article::by_id(tx, id).await).await?;
        Ok(found.ok_or(ShopError::NoSuchArticle)?)
    }

    /// A page of what customers can read, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn published_articles(&self, (page, size): (u32, u32)) -> Result<Page<Article>, ServiceError> {
        let (page, size) = (page.max(1), size.max(1));
        let stretch = Stretch { skip: u64::from(page - 1) * u64::from(size), most: size };
        let published = async |tx: &mut Tx| {
            let total = article::count_published(tx).await?;
            Ok(Page { items: article::published(tx, stretch).await?, page, size, total })
        };
        self.store.snapshot(published).await
    }

    /// An article that customers can read.
    ///
    /// # Errors
    /// [`ShopError::NoSuchArticle`] also when it is withdrawn, or the store's.
    pub async fn published_article(&self, id: ArticleId) -> Result<Article, ServiceError> {
        let article = self.find_article(id).await?;
        if article.withdrawn_at.is_some() { Err(ShopError::NoSuchArticle.into()) } else { Ok(article) }
    }
}

fn checked_title(title: &str) -> Result<String, ShopError> {
    let title = title.trim();
    let fits = !title.is_empty() && title.chars().count() <= LONGEST_TITLE && !title.contains(char::is_control);
    if fits { Ok(title.to_owned()) } else { Err(ShopError::Text { what: "a title", most: LONGEST_TITLE }) }
}

/// Line breaks and tabs may stand in what is written; other control characters may not.
fn checked_content(content: &str) -> Result<String, ShopError> {
    let plain = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    let length = content.chars().count();
    let fits = !content.trim().is_empty() && length <= LONGEST_CONTENT && content.chars().all(plain);
    if fits { Ok(content.to_owned()) } else { Err(ShopError::Text { what: "a content", most: LONGEST_CONTENT }) }
}

async fn write(writing: &Writing, tx: &mut Tx) -> Result<Article, ServiceError> {
    let Writing { service, actor, title, content } = writing;
    let now = service.now();
    let id = article::insert(tx, title, content, now).await?;
    audit::insert(tx, &actor.did_overall("article.add", format!("{id}: {title}"), now)).await?;
    Ok(Article { id, title: title.clone(), content: content.clone(), created_at: now, withdrawn_at: None })
}

async fn change_it(changing: &Changing, tx: &mut Tx) -> Result<Article, ServiceError> {
    let Changing { service, actor, article, change } = changing;
    let now = service.now();
    let before = article::lock(tx, *article).await?.ok_or(ShopError::NoSuchArticle)?;
    let withdrawn_at = match change.withdrawn {
        None => before.withdrawn_at,
        Some(true) => Some(before.withdrawn_at.unwrap_or(now)),
        Some(false) => None,
    };
    let after = Article {
        title: change.title.clone().unwrap_or(before.title),
        content: change.content.clone().unwrap_or(before.content),
        withdrawn_at,
        ..before
    };
    article::update(tx, &after).await?;
    let standing = if withdrawn_at.is_some() { "withdrawn" } else { "published" };
    let detail = format!("{}: {}, {standing}", after.id, after.title);
    audit::insert(tx, &actor.did_overall("article.change", detail, now)).await?;
    Ok(after)
}
