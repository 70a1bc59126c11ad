//! Articles: what customers are told.

use serde::Serialize;
use turnpike_domain::ids::ArticleId;
use turnpike_service::ArticleChange;
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::pricing::{self, ContentShape};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{Moment, TitleShape};

/// The longest content, in characters.
const LONGEST_CONTENT: usize = 20_000;

/// An article.
#[derive(Serialize, ToSchema)]
pub(crate) struct Article {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    title: String,
    content: String,
    created_at: Moment,
    /// Since when customers do not see it any more.
    #[schema(required = true)]
    withdrawn_at: Option<Moment>,
}

impl Article {
    fn of(article: &turnpike_service::Article) -> Self {
        let turnpike_service::Article { id, title, content, created_at, withdrawn_at } = article.clone();
        Self { id: id.get(), title, content, created_at: Moment(created_at), withdrawn_at: withdrawn_at.map(Moment) }
    }
}

/// By number, oldest first, withdrawn ones included.
pub(crate) async fn list(desk: Desk, _: Nothing) -> Result<PageOf<Article>, Problem> {
    let after = desk.cursors().after(&desk.paging)?.map(ArticleId::new);
    let found = desk.service.page_articles(after, one_more(&desk.paging)).await?;
    let place = |article: &turnpike_service::Article| article.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |article| Article::of(&article))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Article, Problem> {
    Ok(Article::of(&desk.service.find_article(place(&desk)?).await?))
}

fn place(desk: &Desk) -> Result<ArticleId, Problem> {
    desk.place("article").map(ArticleId::new)
}

fn content(given: Given<'_>) -> Result<String, String> {
    let content = pricing::prose(given, LONGEST_CONTENT, true)?;
    if content.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(content) }
}

/// Customers see it at once.
#[derive(ToSchema)]
pub(crate) struct NewArticle {
    #[schema(value_type = TitleShape, inline)]
    title: String,
    /// Not blank.
    #[schema(value_type = ContentShape, inline)]
    content: String,
}

impl Wish for NewArticle {
    fn read(members: &mut Members) -> Option<Self> {
        let title = members.required("title", read::title);
        let content = members.required("content", content);
        Some(Self { title: title?, content: content? })
    }
}

pub(crate) async fn add(desk: Desk, wish: NewArticle) -> Result<Article, Problem> {
    let added = desk.acting(Article::of).add_article(&desk.actor, &wish.title, &wish.content).await?;
    Ok(Article::of(&added))
}

/// What is left out stays.
#[derive(ToSchema)]
pub(crate) struct Change {
    #[schema(value_type = TitleShape, inline, required = false)]
    title: Option<String>,
    /// Not blank.
    #[schema(value_type = ContentShape, inline, required = false)]
    content: Option<String>,
    /// Whether customers do not see it any more.
    #[schema(value_type = bool, required = false)]
    withdrawn: Option<bool>,
}

impl Wish for Change {
    fn read(members: &mut Members) -> Option<Self> {
        members.must_hold_something();
        let title = members.optional("title", read::title);
        let content = members.optional("content", content);
        Some(Self { title, content, withdrawn: members.optional("withdrawn", read::flag) })
    }
}

pub(crate) async fn change(desk: Desk, wish: Change) -> Result<Article, Problem> {
    let Change { title, content, withdrawn } = wish;
    let change = ArticleChange { title, content, withdrawn };
    let article = place(&desk)?;
    Ok(Article::of(&desk.acting(Article::of).change_article(&desk.actor, article, change).await?))
}
