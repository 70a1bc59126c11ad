//! `article/*`: what the operator tells customers (contract §8).

use serde::Serialize;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::ids::ArticleId;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::PageOf;

/// Articles on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Articles on a page at most: they are whole.
const LARGEST_PAGE: u32 = 100;

/// Lists the articles page by page, newest first.
#[derive(ToSchema)]
#[schema(title = "Articles")]
pub(crate) struct ListArticles {
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Articles on a page. Default: 20. More than 100 counts as 100.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
}

impl Wish for ListArticles {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let page = fields.optional("page", |given| fields::count(given, 1, u32::MAX));
        let size = fields.optional("size", |given| fields::count(given, 1, LARGEST_PAGE));
        Some(Self { page: page.unwrap_or(1), size: size.unwrap_or(PAGE_SIZE) })
    }
}

pub(crate) async fn list(caller: Caller, wish: ListArticles) -> Result<PageOf<Article>, ApiError> {
    let page = caller.service.published_articles((wish.page, wish.size)).await?;
    let list = page.items.into_iter().map(Article::from).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

/// Shows one article.
#[derive(ToSchema)]
#[schema(title = "Article")]
pub(crate) struct ShowArticle {
    #[schema(value_type = i64, minimum = 1, example = 1)]
    id: ArticleId,
}

impl Wish for ShowArticle {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { id: ArticleId::new(fields.required("id", fields::number_of)?) })
    }
}

pub(crate) async fn info(caller: Caller, wish: ShowArticle) -> Result<Article, ApiError> {
    Ok(caller.service.published_article(wish.id).await?.into())
}

/// Something the operator tells customers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Article {
    #[schema(example = 1)]
    id: i64,
    title: String,
    content: String,
    /// RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    created_at: String,
}

impl From<turnpike_service::Article> for Article {
    fn from(article: turnpike_service::Article) -> Self {
        let turnpike_service::Article { id, title, content, created_at, .. } = article;
        Self { id: id.get(), title, content, created_at: format_rfc3339(created_at) }
    }
}
